// The back office: entering, leaving, and which view is shown.
import { endSession, forgetKey, hasKey, onLocked, tryKey } from "./api.js";
import { audit } from "./audit.js";
import { bookings } from "./bookings.js";
import { letters } from "./letters.js";
import { announce, clear, draw, go, guarded, isShown, look, setViews, tell } from "./moving.js";
import { overview } from "./overview.js";
import { slots } from "./slots.js";
import { say } from "./words.js";

const form = document.querySelector("#enter");
const key = document.querySelector("#key");
const nav = document.querySelector("nav");
const leaving = document.querySelector("#leave");

document.querySelector("#without").remove();
setViews({ bookings, slots, letters, overview, audit });
onLocked(lock);

// Nothing of any guest stays in the page.
function lock() {
  endSession();
  clear();
  announce("");
  for (const dialog of document.querySelectorAll("dialog")) {
    dialog.close();
    dialog.replaceChildren();
  }
  nav.hidden = leaving.hidden = true;
  form.hidden = false;
  key.focus();
}

function unlock() {
  nav.hidden = leaving.hidden = false;
  form.hidden = true;
  return draw();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  guarded(async () => {
    // A key that nobody has looked at need not be typed again.
    await tryKey(key.value.trim()).catch((error) => {
      if (error.status === 401) key.value = "";
      throw error;
    });
    key.value = "";
    await unlock();
    document.querySelector("#main").focus({ preventScroll: true });
  }, event.submitter).then(() => form.hidden || key.focus());
});
leaving.addEventListener("click", () => {
  forgetKey();
  lock();
  tell(say("left"));
});
nav.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-view]");
  if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  go({ view: link.dataset.view });
});
// The address has changed with each view since the page came; in another language it shows the same.
document.querySelector(".languages").addEventListener("submit", (event) => {
  event.currentTarget.elements.next.value = location.pathname + location.search;
});
addEventListener("popstate", () => hasKey() && !isShown() && look());
// A page that was left and comes back from the browser's memory shows nothing without a key.
addEventListener("pageshow", () => hasKey() || lock());

if (hasKey()) guarded(unlock);
