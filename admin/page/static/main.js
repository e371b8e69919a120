// Entry point of the back office: login, logout, and registration of the views.
import { endSession, hasKey, login, onUnauthorized, removeKey } from "./api.js";
import { auditView } from "./audit.js";
import { bookingsView } from "./bookings.js";
import { dashboardView } from "./dashboard.js";
import { emailsView } from "./emails.js";
import { eventsView } from "./events.js";
import { t } from "./i18n.js";
import { announce, attempt, clear, followHistory, isRendered, navigate, notify, registerViews, render } from "./router.js";
import { slotsView } from "./slots.js";

const form = document.querySelector("#login");
const keyInput = document.querySelector("#key");
const nav = document.querySelector("nav");
const logoutButton = document.querySelector("#logout");

document.querySelector("#noscript-notice").remove();
// The names are the values of `view` in the address.
registerViews({
  bookings: bookingsView, slots: slotsView, events: eventsView, letters: emailsView, overview: dashboardView, audit: auditView,
});
onUnauthorized(lock);

// Ends the session and removes all personal data from the page.
function lock() {
  endSession();
  clear();
  announce("");
  for (const dialog of document.querySelectorAll("dialog")) {
    dialog.close();
    dialog.replaceChildren();
  }
  setLocked(true);
  keyInput.focus();
}

function unlock() {
  setLocked(false);
  return render();
}

function setLocked(isLocked) {
  nav.hidden = isLocked;
  logoutButton.hidden = isLocked;
  form.hidden = !isLocked;
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  await attempt(enter, event.submitter);
  if (!form.hidden) keyInput.focus();
});

async function enter() {
  // A rejected key is cleared. A key that could not be checked stays in its field.
  await login(keyInput.value.trim()).catch((error) => {
    if (error.status === 401) keyInput.value = "";
    throw error;
  });
  keyInput.value = "";
  await unlock();
  document.querySelector("#main").focus({ preventScroll: true });
}

logoutButton.addEventListener("click", () => {
  removeKey();
  lock();
  notify(t("left"));
});
nav.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-view]");
  if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  navigate({ view: link.dataset.view });
});
// Another language shows the same view. Its address may have changed since the page was loaded.
document.querySelector(".languages").addEventListener("submit", (event) => {
  event.currentTarget.elements.next.value = location.pathname + location.search;
});
addEventListener("popstate", () => hasKey() && !isRendered() && followHistory());
// A page restored from the back/forward cache is locked if the key has been removed.
addEventListener("pageshow", () => hasKey() || lock());

if (hasKey()) attempt(unlock);
