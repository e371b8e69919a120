// Self-service pages: token hand-over, addresses without one-time messages, confirmation dialogs.
import { enhanceConfirmations } from "../confirmations.js";

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

enhanceConfirmations();
