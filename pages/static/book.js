// Makes the booking page quicker to use: one submission, another day without losing what was typed, news of places.
import { follow } from "./live.js";

const form = document.querySelector("form.booking");
let stop = () => {};

if (form) {
  form.addEventListener("submit", sendOnce);
  document.addEventListener("click", chooseDay);
  addEventListener("popstate", () => location.reload());
  addEventListener("pageshow", (event) => event.persisted && location.reload());
  form.addEventListener("change", repeatChoice);
  repeatChoice();
  stop = follow(form);
}

// Says beside the button which hour was chosen far above it.
function repeatChoice() {
  const label = form.querySelector("input[name=slotId]:checked + label");
  const said = label ? [...label.querySelectorAll(":scope > :first-child, .slot-hours .vh")] : [];
  document.getElementById("choice").textContent = said.map((part) => part.textContent).join("")
    .replace(/\s+/g, " ").trim().replace(/,$/, "");
}

function sendOnce(event) {
  if (form.classList.contains("is-sent")) {
    event.preventDefault();
    return;
  }
  form.classList.add("is-sent");
  stop();
  event.submitter?.setAttribute("aria-disabled", "true");
  if (event.submitter) event.submitter.textContent = JSON.parse(form.dataset.words).sending;
}

// Brings another day's slots into the page around the form, so that what was typed stays.
async function chooseDay(event) {
  const link = event.target.closest("a[data-day]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  try {
    const answer = await fetch(link.href, { headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!answer.ok || !page.querySelector("form.booking")) throw new Error("not the page");
    stop();
    for (const id of ["days", "hours"]) {
      document.getElementById(id).replaceWith(document.adoptNode(page.getElementById(id)));
    }
    document.getElementById("summary")?.remove();
    history.pushState(null, "", link.href);
    repeatChoice();
    const hours = document.getElementById("hours");
    hours.focus({ preventScroll: true });
    const { top } = hours.getBoundingClientRect();
    if (top < 0 || top > innerHeight / 2) hours.scrollIntoView();
    stop = follow(form);
  } catch {
    location.assign(link.href);
  }
}
