import { hold } from "./deaf.js";

// The token stands behind the # of a link, which no server sees. Hand it over in a form, and leave it nowhere.
const token = new URLSearchParams(location.hash.slice(1)).get("token");
if (token) {
  history.replaceState(null, "", location.pathname);
  const form = document.querySelector("form[data-open]");
  if (form) {
    form.elements.token.value = token;
    form.submit();
  }
}

// What has just happened is told once: a reload, or the way back, shows the page as it always is.
const once = document.querySelector("[data-once]");
if (once) history.replaceState(null, "", once.dataset.once);

// A browser keeps whole pages for the way back, and this one may tell of what has been moved or cancelled since.
addEventListener("pageshow", (event) => event.persisted && location.replace(location.pathname + location.search));

// What cannot be undone is asked in a dialog; without scripts it unfolds where it stands, and stays so for who was quicker.
for (const details of document.querySelectorAll("details[data-confirm]:not([open])")) {
  const summary = details.querySelector("summary");
  const dialog = document.getElementById(details.dataset.confirm);
  summary.setAttribute("aria-haspopup", "dialog");
  summary.addEventListener("click", (event) => {
    event.preventDefault();
    dialog.showModal();
    // It may have opened with its "Yes" under a finger that taps twice.
    hold(dialog.querySelector(".button-stop"));
  });
}
