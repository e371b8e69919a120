// Booking form: submits once until it is answered, keeps what was typed across dates, shows live availability.
import { IS_FRAMED, REQUEST_TIMEOUT_MS, cancelNavigation, enableDateNavigation, parsePage, reloadPage } from "./date_navigation.js";
import { focusFirstProblem, handleInput } from "./field_errors.js";
import { bindForm, messages, selectAlternative, showParty } from "../live.js";
import { release } from "../tap_guard.js";
import { dismiss, setToast } from "../toasts.js";

// Backoff between attempts to send the same submission.
const MIN_BACKOFF_MS = 1_000;
const MAX_BACKOFF_MS = 8_000;
let form;
// When the form was shown, by the clock of `performance`.
let shownAt = 0;
let unbind = () => {};

init();
if (form) {
  enableDateNavigation(handleDateShown);
  document.addEventListener("click", selectAlternative);
  addEventListener("pageshow", (event) => (event.persisted ? resume() : showSelection()));
}

function init() {
  form = document.querySelector("form.booking");
  if (!form) return;
  form.addEventListener("submit", handleSubmit);
  shownAt = performance.now();
  form.addEventListener("change", handleChange);
  form.addEventListener("input", handleInput);
  form.addEventListener("slot-unselected", showSelection);
  showSelection();
  unbind = bindForm(form);
}

// Handles a restore from the back/forward cache. A submitted form has been answered, so it is loaded again.
function resume() {
  if (!form || form.classList.contains("is-submitting")) {
    reloadPage();
    return;
  }
  showSelection();
  unbind();
  unbind = bindForm(form);
}

function handleChange(event) {
  if (event.target.name === "seats") showParty(form);
  if (event.target.name !== "slotId") return;
  if (event.target.closest(".slot-closed")) {
    event.target.checked = false;
    return;
  }
  dismiss("selection-changed");
  dismiss("alternatives");
  showSelection();
}

// Repeats the selected slot beside the button. Browsers restore the selection after the scripts have run.
function showSelection() {
  const label = form.querySelector("input[name=slotId]:checked + label");
  const parts = label ? [...label.querySelectorAll(":scope > :first-child, .slot-hours .visually-hidden")] : [];
  const text = parts.map((part) => part.textContent).join("");
  const selection = text.replace(/\s+/g, " ").trim().replace(/,$/, "");
  document.getElementById("selected-slot").textContent = selection;
  document.getElementById("next-slot").textContent = selection;
}

// Sends the form until there is an answer. Its token makes the submission idempotent.
async function handleSubmit(event) {
  if (form.classList.contains("is-submitting")) {
    event.preventDefault();
    return;
  }
  if (event.submitter?.name === "language") {
    event.submitter.formAction = location.pathname + location.search;
    return;
  }
  event.preventDefault();
  // Enter in a field presses the hidden default button, which has no name.
  const submitter = event.submitter?.name ? event.submitter : form.querySelector("button[value=book]");
  const data = new FormData(form);
  if (submitter?.name) data.append(submitter.name, submitter.value);
  form.classList.add("is-submitting");
  unbind();
  cancelNavigation();
  const unlock = lock(submitter);
  // The service takes a form that comes sooner for a robot's.
  await wait(shownAt + Number(form.dataset.minAgeMs) - performance.now());
  let backoff = MIN_BACKOFF_MS;
  while (!(await send(data, unlock))) {
    setToast("submit-retry", true);
    await waitOrOnline(backoff);
    backoff = Math.min(2 * backoff, MAX_BACKOFF_MS);
  }
  setToast("submit-retry", false);
}

// Makes the form read-only, as later changes would not be part of the submission. Returns a function that ends it.
function lock(button) {
  const label = button?.textContent;
  if (button) showBusy(button);
  const sections = [...document.querySelectorAll("#days, #hours, form.booking .field")];
  for (const section of sections) section.inert = true;
  return () => {
    for (const section of sections) section.inert = false;
    button?.removeAttribute("aria-disabled");
    if (button) button.textContent = label;
    form.classList.remove("is-submitting");
    unbind = bindForm(form);
  };
}

function showBusy(button) {
  release(button);
  button.setAttribute("aria-disabled", "true");
  button.textContent = messages(form).sending;
  button.focus({ preventScroll: true });
}

// Returns true if the service answered, and shows the answer. Calls `unlock` if the answer has no form of its own.
async function send(data, unlock) {
  try {
    const response = await fetch(form.getAttribute("action"), {
      method: "POST", body: data, headers: { Accept: "text/html" }, signal: AbortSignal.timeout?.(REQUEST_TIMEOUT_MS),
    });
    if (response.redirected && response.ok) {
      if (IS_FRAMED) location.replace(response.url);
      else location.assign(response.url);
      return true;
    }
    const page = parsePage(await response.text());
    const main = page.getElementById("main");
    // A page without #main comes from a proxy.
    if (!main) return false;
    if (!response.ok && !main.querySelector("form.booking")) {
      unlock();
      showRefusal(main);
      return true;
    }
    document.title = page.title;
    document.getElementById("main").replaceWith(document.adoptNode(main));
    init();
    focusFirstProblem(main);
    return true;
  } catch {
    return false;
  }
}

// Shows an error page's message above the form, so that what was typed stays.
function showRefusal(main) {
  const summary = main.querySelector(".summary") ?? summaryOf(main);
  summary.id = "summary";
  summary.className = "summary";
  summary.setAttribute("role", "alert");
  summary.tabIndex = -1;
  document.querySelector(".summary")?.remove();
  document.querySelector(".intro").after(document.adoptNode(summary));
  summary.focus();
}

function summaryOf(main) {
  const summary = document.createElement("div");
  const heading = document.createElement("h2");
  const advice = document.createElement("p");
  heading.textContent = main.querySelector("h1").textContent;
  const { dataset, textContent } = main.querySelector(".lead");
  advice.textContent = dataset.formAdvice ?? textContent;
  summary.append(heading, advice, ...main.querySelectorAll(".hint"));
  return summary;
}

function wait(milliseconds) {
  return new Promise((resolve) => { setTimeout(resolve, milliseconds); });
}

// Waits for this time, or until the browser is online again.
function waitOrOnline(milliseconds) {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
    addEventListener("online", resolve, { once: true });
  });
}

function handleDateShown({ isChosen }) {
  unbind();
  document.getElementById("summary")?.remove();
  dismiss("selection-changed");
  dismiss("alternatives");
  showSelection();
  if (isChosen) focusHours();
  unbind = bindForm(form);
}

// Scrolls to the hours only if they begin outside the upper half of the window.
function focusHours() {
  const hours = document.getElementById("hours");
  hours.focus({ preventScroll: true });
  const { top } = hours.getBoundingClientRect();
  if (top < 0 || top > innerHeight / 2) hours.scrollIntoView();
}
