// Self-service pages: token hand-over, addresses without one-time messages, confirmation dialogs.
import { suppress } from "../tap_guard.js";

// The link's token is in its fragment, which no server receives. The service finds it among what mail programs added.
// A link whose fragment became part of the path comes with a form that contains the token.
const form = document.querySelector("form[data-token-form]");
const hasToken = location.hash.toLowerCase().includes("token");
if (form && (hasToken || "submit" in form.dataset)) {
  if (hasToken) form.elements.token.value = location.hash;
  history.replaceState(null, "", form.getAttribute("action").replace(/\/open$/, ""));
  form.submit();
} else if (hasToken) {
  history.replaceState(null, "", location.pathname);
}

// A success message is shown once: a reload or the Back button shows the page at its canonical address.
const message = document.querySelector("[data-canonical-url]");
if (message) history.replaceState(null, "", message.dataset.canonicalUrl);

// A page restored from the back/forward cache may be out of date.
addEventListener("pageshow", (event) => event.persisted && location.replace(location.pathname + location.search));

// Replaces each details element by a dialog, unless the user opened it before this script ran.
for (const details of document.querySelectorAll("details[data-confirm]:not([open])")) {
  const summary = details.querySelector("summary");
  const dialog = document.getElementById(details.dataset.confirm);
  summary.setAttribute("aria-haspopup", "dialog");
  summary.addEventListener("click", (event) => {
    event.preventDefault();
    dialog.showModal();
    // The confirming button may appear under a finger that taps twice.
    suppress(dialog.querySelector(".button-danger"));
  });
}
