// Keeps the page of a place in line true: it is asked for anew when its hour changes, and now and then.
import { heed } from "./live.js";

// Who leaves the list ahead of somebody changes no places, so no event tells of it.
const EVERY = 60_000;
// How long an answer may take that is asked for again anyway.
const PATIENCE = 10_000;
const standing = document.getElementById("standing");
const { slot, date, live } = standing.dataset;
let isAsking = false;
let isStale = false;

const end = heed(date, live === "1", (slots) => slots.some((one) => (one._id ?? one.slotId) === slot) && refresh());
const timer = setInterval(() => document.hidden || refresh(), EVERY);
document.addEventListener("visibilitychange", seen);

function seen() {
  if (!document.hidden) refresh();
}

// One question at a time; what happens meanwhile is asked for after it.
async function refresh() {
  isStale = true;
  if (isAsking) return;
  isAsking = true;
  while (isStale && standing.dataset.state === "waiting") {
    isStale = false;
    await ask();
  }
  isAsking = false;
}

async function ask() {
  try {
    const answer = await fetch(location.pathname, { headers: { Accept: "text/html" }, signal: AbortSignal.timeout?.(PATIENCE) });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (answer.ok && page.getElementById("standing")) show(page);
  } catch {
    // The next event, or the next minute, asks again.
  }
}

// Puts new words in the place of the old ones, where they are read out; the focus stays where it is.
function show(page) {
  standing.dataset.state = page.getElementById("standing").dataset.state;
  for (const part of ["#standing", ".when", "#ways"]) {
    const [before, now] = [document.querySelector(part), page.querySelector(part)];
    if (before.innerHTML !== now.innerHTML) before.replaceChildren(...document.adoptNode(now).childNodes);
  }
  if (standing.dataset.state === "waiting") return;
  end();
  clearInterval(timer);
  document.removeEventListener("visibilitychange", seen);
  withdraw(document.getElementById("changes"));
}

// Takes away what can no longer be done, unless somebody is about to do it: they are told then how it stands.
function withdraw(changes) {
  if (changes.contains(document.activeElement) || changes.querySelector("dialog[open]")) {
    changes.addEventListener("focusout", () => setTimeout(() => withdraw(changes)), { once: true });
  } else {
    changes.remove();
  }
}
