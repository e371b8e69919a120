// Confirmation dialogs: replaces each details element of a confirmation by its dialog.
import { suppress } from "./tap_guard.js";

// An element that the user opened before this script ran stays as it is.
export function enhanceConfirmations() {
  for (const details of document.querySelectorAll("details[data-confirm]:not([open])")) {
    const summary = details.querySelector("summary");
    const dialog = document.getElementById(details.dataset.confirm);
    summary.setAttribute("aria-haspopup", "dialog");
    summary.addEventListener("click", (event) => {
      event.preventDefault();
      open(dialog);
    });
  }
}

// Asks by a dialog before a form is sent whose fields are valid; the service names invalid ones.
export function askBeforeSending() {
  for (const form of document.querySelectorAll("form[data-ask]")) {
    const dialog = document.getElementById(form.dataset.ask);
    form.addEventListener("submit", (event) => {
      if (dialog.contains(event.submitter) || !form.checkValidity()) return;
      event.preventDefault();
      open(dialog);
    });
  }
}

function open(dialog) {
  dialog.showModal();
  // The confirming button may appear under a finger that taps twice.
  suppress(dialog.querySelector(".button-danger"));
}
