// Pages of buying tickets: clock of a hold, forms that are sent once, orders that are being checked, dialogs.
import { askBeforeSending, enhanceConfirmations } from "../confirmations.js";

const POLL_MS = 2500;

enhanceConfirmations();
askBeforeSending();

// A success message is shown once: a reload or the Back button shows the page at its canonical address.
const message = document.querySelector("[data-canonical-url]");
if (message) history.replaceState(null, "", message.dataset.canonicalUrl);

// A page restored from the back/forward cache may be out of date.
addEventListener("pageshow", (event) => event.persisted && location.reload());

for (const clock of document.querySelectorAll("[data-seconds]")) countDown(clock);
for (const form of document.querySelectorAll("form[data-once]")) sendOnce(form);
const open = document.querySelector("[data-poll]");
if (open) setTimeout(poll, POLL_MS);

// Counts down by the device's own steady clock, as its time of day may be wrong.
function countDown(clock) {
  const ends = performance.now() + clock.dataset.seconds * 1000;
  const left = clock.querySelector("[data-clock]");
  const status = clock.querySelector("[data-clock-status]");
  left.hidden = false;
  const timer = setInterval(show, 1000);
  show();

  function show() {
    const seconds = Math.max(0, Math.ceil((ends - performance.now()) / 1000));
    left.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    announce(seconds);
    clock.classList.toggle("clock-late", seconds <= 60);
    if (seconds > 0) return;
    clearInterval(timer);
    // The service ends holds within a second; its page says so.
    setTimeout(() => location.assign("/cart"), 1500);
  }

  // A page that is opened within the last five minutes says the time by itself.
  function announce(seconds) {
    const { fiveMinutes, lastMinute } = clock.dataset;
    const text = seconds <= 60 ? lastMinute : fiveMinutes;
    if (seconds > 60 && (seconds > 300 || clock.dataset.seconds <= 300)) return;
    if (seconds > 0 && status.textContent !== text) status.textContent = text;
  }
}

// Ignores further submissions while the first one is on its way.
function sendOnce(form) {
  form.addEventListener("submit", (event) => {
    if (form.classList.contains("is-submitting")) {
      event.preventDefault();
      return;
    }
    form.classList.add("is-submitting");
    const button = event.submitter;
    if (button?.dataset.busy) button.textContent = button.dataset.busy;
  });
}

// Looks whether the order has another state, and shows the page again then.
async function poll() {
  try {
    const answer = await fetch(location.pathname, { headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const found = page.querySelector("[data-state]");
    if (answer.redirected || (found && found.dataset.state !== open.dataset.state)) {
      location.reload();
      return;
    }
    const [place, newPlace] = [open, found].map((part) => part?.querySelector("[data-queue]"));
    if (place && newPlace) place.textContent = newPlace.textContent;
  } catch {
    // The network is away: the next attempt may succeed.
  }
  setTimeout(poll, POLL_MS);
}
