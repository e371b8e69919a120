// Makes the booking page quicker to use: one submission, another day without losing what was typed, news of places.
import { PATIENCE, anew, keepForm, parsed, stay } from "./days.js";
import { free } from "./deaf.js";
import { follow, take, words } from "./live.js";
import { hush, note } from "./notes.js";

// How long to rest before the same form is sent once more.
const SHORTEST_REST = 1_000;
const LONGEST_REST = 8_000;
let form;
let stop = () => {};

begin();
if (form) {
  keepForm(showDay);
  document.addEventListener("click", take);
  addEventListener("pageshow", (event) => (event.persisted ? wake() : repeatChoice()));
}

function begin() {
  form = document.querySelector("form.booking");
  if (!form) return;
  form.addEventListener("submit", sendOnce);
  form.addEventListener("change", chosen);
  form.addEventListener("unchosen", repeatChoice);
  repeatChoice();
  stop = follow(form);
}

// The browser kept the whole page while it was left. What was sent has been answered elsewhere; else only news are missing.
function wake() {
  if (!form || form.classList.contains("is-sent")) {
    anew();
    return;
  }
  repeatChoice();
  stop();
  stop = follow(form);
}

function chosen(event) {
  if (event.target.name !== "slotId") return;
  if (event.target.closest(".slot-closed")) {
    event.target.checked = false;
    return;
  }
  hush("news");
  hush("near");
  repeatChoice();
}

// Says beside the button which hour was chosen far above it; on the way back, browsers choose it again after the scripts.
function repeatChoice() {
  const label = form.querySelector("input[name=slotId]:checked + label");
  const said = label ? [...label.querySelectorAll(":scope > :first-child, .slot-hours .vh")] : [];
  document.getElementById("choice").textContent = said.map((part) => part.textContent).join("")
    .replace(/\s+/g, " ").trim().replace(/,$/, "");
}

// Sends the form until there is an answer. Its seal makes sure that it books once, however often it arrives.
async function sendOnce(event) {
  if (form.classList.contains("is-sent")) {
    event.preventDefault();
    return;
  }
  if (event.submitter?.name === "language") {
    event.submitter.formAction = location.pathname + location.search;
    return;
  }
  event.preventDefault();
  // Enter in a field presses a button that nobody sees.
  const submitter = event.submitter?.name ? event.submitter : form.querySelector("button[value=book]");
  const filled = new FormData(form);
  if (submitter?.name) filled.append(submitter.name, submitter.value);
  form.classList.add("is-sent");
  stop();
  stay();
  const thaw = freeze(submitter);
  let pause = SHORTEST_REST;
  while (!(await send(filled, thaw))) {
    note("sending", true);
    await online(pause);
    pause = Math.min(2 * pause, LONGEST_REST);
  }
  note("sending", false);
}

// What has been sent cannot be changed any more: a change would be lost with the answer. Returns what ends it.
function freeze(button) {
  const label = button?.textContent;
  if (button) begun(button);
  const parts = [...document.querySelectorAll("#days, #hours, form.booking .field")];
  for (const part of parts) part.inert = true;
  return () => {
    for (const part of parts) part.inert = false;
    button?.removeAttribute("aria-disabled");
    if (button) button.textContent = label;
    form.classList.remove("is-sent");
    stop = follow(form);
  };
}

function begun(button) {
  free(button);
  button.setAttribute("aria-disabled", "true");
  button.textContent = words(form).sending;
  button.focus({ preventScroll: true });
}

// Returns whether there was an answer of ours, and shows it; one that has no form to go on with calls `thaw`.
async function send(filled, thaw) {
  try {
    const answer = await fetch(form.getAttribute("action"), {
      method: "POST", body: filled, headers: { Accept: "text/html" }, signal: AbortSignal.timeout?.(PATIENCE),
    });
    if (answer.redirected && answer.ok) {
      location.assign(answer.url);
      return true;
    }
    const page = parsed(await answer.text());
    const main = page.getElementById("main");
    if (!main) return false;
    if (!answer.ok && !main.querySelector("form.booking")) {
      thaw();
      tellRefusal(main);
      return true;
    }
    document.title = page.title;
    document.getElementById("main").replaceWith(document.adoptNode(main));
    begin();
    (document.getElementById("summary") ?? document.getElementById("main")).focus();
    return true;
  } catch {
    return false;
  }
}

// What was typed stays: what a page says that has no form is told above ours.
function tellRefusal(main) {
  const said = main.querySelector(".summary") ?? document.createElement("div");
  if (!said.matches(".summary")) {
    const heading = document.createElement("h2");
    const advice = document.createElement("p");
    heading.textContent = main.querySelector("h1").textContent;
    const { dataset, textContent } = main.querySelector(".lead");
    advice.textContent = dataset.here ?? textContent;
    said.append(heading, advice, ...main.querySelectorAll(".hint"));
  }
  said.id = said.className = "summary";
  said.setAttribute("role", "alert");
  said.tabIndex = -1;
  document.querySelector(".summary")?.remove();
  document.querySelector(".intro").after(document.adoptNode(said));
  said.focus();
}

// Waits for so long, or until the browser is connected again.
function online(milliseconds) {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
    addEventListener("online", resolve, { once: true });
  });
}

// Another day's slots are there.
function showDay({ isChosen }) {
  stop();
  document.getElementById("summary")?.remove();
  hush("news");
  hush("near");
  repeatChoice();
  if (isChosen) {
    const hours = document.getElementById("hours");
    hours.focus({ preventScroll: true });
    const { top } = hours.getBoundingClientRect();
    if (top < 0 || top > innerHeight / 2) hours.scrollIntoView();
  }
  stop = follow(form);
}
