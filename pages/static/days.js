// Brings another day's slots, or another month, into the page around the form, so that what was typed stays.

// A page that came by POST need not have its day in its address.
const first = document.getElementById("hours")?.dataset.date;
const wasPosted = Boolean(document.querySelector("form[data-posted]"));
let shown = here();
let whenShown;

// Keeps the form through every choice of a day, and the way back from it; calls `show` after each.
export function keepForm(show) {
  whenShown = show;
  document.addEventListener("click", choose);
  addEventListener("popstate", back);
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
  const isDay = Boolean(link.dataset.day);
  if (!await bring(link.href, isDay ? ["days", "hours"] : ["days"])) {
    location.assign(link.href);
  } else if (isDay) {
    history.pushState(null, "", link.href);
    shown = here();
    whenShown({ isChosen: true });
  }
}

// Links to a part of the page end up here too: they lead to no other day.
async function back() {
  if (here() === shown) return;
  const date = new URLSearchParams(location.search).get("date") ?? first;
  if (!await bring(`?date=${encodeURIComponent(date)}`, ["days", "hours"])) {
    anew();
    return;
  }
  shown = here();
  whenShown({ isChosen: false });
}

// Returns whether the page at `address` came, and the parts with these ids were taken from it.
async function bring(address, ids) {
  try {
    const answer = await fetch(address, { headers: { Accept: "text/html" } });
    const page = parsed(await answer.text());
    if (!answer.ok || !page.querySelector(ids.includes("hours") ? "form.booking" : "#days")) return false;
    for (const id of ids) document.getElementById(id).replaceWith(document.adoptNode(page.getElementById(id)));
    return true;
  } catch {
    return false;
  }
}

function here() {
  return location.pathname + location.search;
}
