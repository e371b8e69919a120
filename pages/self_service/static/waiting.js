// Waiting list page: fetches itself again when its slot changes, and once a minute.
import { subscribe } from "../live.js";

// An entry that leaves the list ahead of this one changes no capacity, so no event reports it.
const REFRESH_MS = 60_000;
const REQUEST_TIMEOUT_MS = 10_000;
const status = document.getElementById("entry-status");
const { slot, date, live } = status.dataset;
let isRefreshing = false;
let isStale = false;

const unsubscribe = subscribe(date, live === "1", (slots) => slots.some((changed) => idOf(changed) === slot) && refresh());
const timer = setInterval(() => document.hidden || refresh(), REFRESH_MS);
document.addEventListener("visibilitychange", refreshIfVisible);

// A snapshot names a slot by `_id`, an update by `slotId`.
function idOf(changed) {
  return changed._id ?? changed.slotId;
}

function refreshIfVisible() {
  if (!document.hidden) refresh();
}

// Sends one request at a time. A change during a request causes another one afterwards.
async function refresh() {
  isStale = true;
  if (isRefreshing) return;
  isRefreshing = true;
  while (isStale && status.dataset.state === "waiting") {
    isStale = false;
    await fetchPage();
  }
  isRefreshing = false;
}

async function fetchPage() {
  try {
    const signal = AbortSignal.timeout?.(REQUEST_TIMEOUT_MS);
    const response = await fetch(location.pathname, { headers: { Accept: "text/html" }, signal });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    if (response.ok && page.getElementById("entry-status")) update(page);
  } catch {
    // The next event or the next minute tries again.
  }
}

// Replaces the content of the changed parts, which a live region announces; the focus stays.
function update(page) {
  status.dataset.state = page.getElementById("entry-status").dataset.state;
  for (const selector of ["#entry-status", ".facts", "#entry-actions"]) {
    const current = document.querySelector(selector);
    const fresh = page.querySelector(selector);
    if (current.innerHTML !== fresh.innerHTML) current.replaceChildren(...document.adoptNode(fresh).childNodes);
  }
  if (status.dataset.state === "waiting") return;
  unsubscribe();
  clearInterval(timer);
  document.removeEventListener("visibilitychange", refreshIfVisible);
  removeChanges(document.getElementById("changes"));
}

// Removes the actions that are no longer possible, once the user is not using them. Until then the server answers them.
function removeChanges(changes) {
  if (changes.contains(document.activeElement) || changes.querySelector("dialog[open]")) {
    changes.addEventListener("focusout", () => setTimeout(() => removeChanges(changes)), { once: true });
  } else {
    changes.remove();
  }
}
