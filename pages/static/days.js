// Brings another day's slots, or another month, into the page around the form, so that what was typed stays.
import { hush, tell } from "./notes.js";

// How long an answer may take.
export const PATIENCE = 30_000;
// A page that came by POST need not have its day in its address.
const first = document.getElementById("hours")?.dataset.date;
const wasPosted = Boolean(document.querySelector("form[data-posted]"));
let shown = here();
let whenShown;
let asking;
let wayBack;

// Keeps the form through every choice of a day, and the way back from it; calls `show` after each.
export function keepForm(show) {
  whenShown = show;
  document.addEventListener("click", choose);
  addEventListener("popstate", back);
}

// Stays with the day that is shown.
export function stay() {
  leave();
  if (here() !== shown) history.replaceState(null, "", shown);
}

// Asks for the page anew. One that came by POST would be sent again by a reload, and what it sent might be done.
export function anew() {
  if (wasPosted) location.replace(here());
  else location.reload();
}

export function parsed(text) {
  const page = new DOMParser().parseFromString(text, "text/html");
  // What is there for browsers without scripts would come to life.
  page.querySelectorAll("noscript").forEach((element) => element.remove());
  return page;
}

async function choose(event) {
  const link = event.target.closest("a[data-day]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  if (isSent()) return;
  const isDay = Boolean(link.dataset.day);
  if (!await bring(link.href, isDay ? ["days", "hours"] : ["days"]) || !isDay) return;
  history.pushState(null, "", link.href);
  shown = here();
  whenShown({ isChosen: true });
}

// Links to a part of the page end up here too: they lead to no other day.
async function back() {
  if (here() === shown) {
    // Who goes back and forward again need not wait for what was between.
    if (wayBack && wayBack === asking) leave();
    return;
  }
  // What came as the answer to the form need not have any days.
  if (!document.getElementById("days")) {
    anew();
    return;
  }
  const date = new URLSearchParams(location.search).get("date") ?? first;
  const coming = !isSent() && bring(`?date=${encodeURIComponent(date)}`, ["days", "hours"]);
  wayBack = asking;
  const came = await coming;
  if (came) {
    shown = here();
    whenShown({ isChosen: false });
  } else if (came !== undefined) {
    history.replaceState(null, "", shown);
  }
}

// Takes the parts with these ids from the page at `address`. Returns whether it came, undefined when nobody waits for it.
async function bring(address, ids) {
  const page = await ask(address, document.getElementById(ids.at(-1)));
  if (!page) return page === null ? false : undefined;
  if (!page.querySelector(ids.includes("hours") ? "form.booking" : "#days")) {
    location.assign(address);
    return undefined;
  }
  for (const id of ids) document.getElementById(id).replaceWith(document.adoptNode(page.getElementById(id)));
  return true;
}

// Returns the page; null when it did not come, which is told; undefined when something else was asked for meanwhile.
async function ask(address, place) {
  leave();
  const mine = asking = new AbortController();
  const timer = setTimeout(() => mine.abort(), PATIENCE);
  place.setAttribute("aria-busy", "true");
  hush("day");
  let page = null;
  try {
    const answer = await fetch(address, { headers: { Accept: "text/html" }, signal: mine.signal });
    const text = await answer.text();
    if (answer.ok) page = parsed(text);
  } catch {
    // Nobody answered, or not soon enough.
  }
  clearTimeout(timer);
  if (mine !== asking) return undefined;
  leave();
  if (!page) tell("day");
  return page;
}

// What was tapped last is what is waited for.
function leave() {
  asking?.abort();
  asking = undefined;
  for (const part of document.querySelectorAll("#days, #hours")) part.removeAttribute("aria-busy");
}

// While it is sent, nothing that is chosen could go along.
function isSent() {
  return Boolean(document.querySelector("form.is-sent"));
}

function here() {
  return location.pathname + location.search;
}
