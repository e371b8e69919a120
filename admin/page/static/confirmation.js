// Confirmation dialog of an action: says what will happen before it does.
import { button, el } from "./dom.js";

const dialog = document.querySelector("#confirm");

// Asks for confirmation; resolves to true if it was given. `texts` are paragraphs; `kind` styles the confirming button.
export function confirmAction({ title, texts, yes, no, kind = "button-danger" }) {
  return new Promise((resolve) => {
    const answer = (isConfirmed) => () => {
      resolve(isConfirmed);
      dialog.close();
    };
    dialog.replaceChildren(
      el("h2", { id: "confirm-title" }, title),
      el("div", { id: "confirm-text" }, texts.map((text) => el("p", {}, text))),
      el("p", { class: "actions" },
        button(no, answer(false), { id: "confirm-no", class: "button button-small", autofocus: true }),
        button(yes, answer(true), { id: "confirm-yes", class: `button ${kind} button-small` })));
    dialog.addEventListener("close", answer(false), { once: true }); // The Escape key closes it.
    dialog.showModal();
  });
}
