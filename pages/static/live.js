// Keeps the places left in the slot cards true: by events where the service tells them, else by asking now and then.
import { hold } from "./deaf.js";
import { hush, note, tell } from "./notes.js";

const EVERY = 15_000;
// Longer than a browser takes to connect again: a shorter gap is nobody's business.
const LATE = 4_000;
// How long an answer may take that is asked for again anyway.
const PATIENCE = 10_000;
// After how long a service that refused its events is asked for them again.
const AGAIN = 60_000;
// A page is made anew in another language, so that its own is the one at all times.
const { lang } = document.documentElement;
const numbers = new Intl.NumberFormat(lang);
const plurals = new Intl.PluralRules(lang);

// Follows the date that the form shows; returns a function that ends it.
export function follow(form) {
  const { date } = document.getElementById("hours").dataset;
  const apply = (slots) => { slots.forEach((slot) => show(form, slot)); count(form); };
  return heed(date, form.dataset.live === "1", apply);
}

// Hands every word about the slots of a date to `apply`, all of them or the one that changed; returns what ends it.
export function heed(date, isLive, apply) {
  const query = `date=${encodeURIComponent(date)}`;
  const asking = asker(query, apply);
  if (!isLive) {
    asking.start();
    return asking.stop;
  }
  const listening = listener(query, apply, asking);
  return () => { listening.stop(); asking.stop(); };
}

// The browser connects again by itself and goes on where it was, unless it was refused; until it has, asking helps.
function listener(query, apply, asking) {
  let source, timer;
  const connected = () => {
    clearTimeout(timer);
    timer = undefined;
    asking.stop();
  };
  const failed = () => {
    if (source.readyState === EventSource.CLOSED) {
      clearTimeout(timer);
      asking.start();
      timer = setTimeout(connect, AGAIN);
    } else {
      timer ??= setTimeout(() => asking.start(0), LATE);
    }
  };
  const connect = () => {
    timer = undefined;
    source = new EventSource(`/api/live?${query}`);
    source.addEventListener("open", connected);
    source.addEventListener("snapshot", (event) => apply(JSON.parse(event.data)));
    source.addEventListener("slotUpdate", (event) => apply([JSON.parse(event.data)]));
    source.addEventListener("error", failed);
  };
  connect();
  return { stop: () => { clearTimeout(timer); source.close(); } };
}

// Asks now and then, and says so when nobody answers. What the browser has is sent as ETag: no change costs nearly nothing.
function asker(query, apply) {
  let asking = false;
  let turn = 0;
  let timer;
  const ask = async (mine) => {
    if (!document.hidden) {
      const slots = await read(`/api/slots?${query}`);
      // Meanwhile events may have told something newer, also when they have ended again.
      if (mine !== turn) return;
      note("places", !slots);
      if (slots) apply(slots);
    }
    timer = setTimeout(ask, EVERY, mine);
  };
  const start = (first = EVERY) => {
    if (asking) return;
    asking = true;
    timer = setTimeout(ask, first, turn);
  };
  const stop = () => {
    asking = false;
    turn += 1;
    clearTimeout(timer);
    note("places", false);
  };
  return { start, stop };
}

async function read(address) {
  const giving = new AbortController();
  const timer = setTimeout(() => giving.abort(), PATIENCE);
  try {
    const answer = await fetch(address, { cache: "no-cache", signal: giving.signal });
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
  }
}

function show(form, slot) {
  const id = slot._id ?? slot.slotId;
  for (const card of form.querySelectorAll(`.slot[data-slot="${CSS.escape(id)}"]`)) update(form, card, slot);
}

function update(form, card, { remaining, capacity, closed = false }) {
  const before = Number(card.dataset.remaining);
  const chosen = card.querySelector("input");
  const state = closed ? "closed" : level(remaining, capacity);
  card.className = `slot slot-${state}`;
  card.dataset.remaining = remaining;
  card.dataset.capacity = capacity;
  card.querySelector(".slot-state").textContent = closed ? words(form).closed : left(form, remaining);
  const places = card.querySelectorAll("circle");
  places.forEach((place, index) => place.classList.toggle("taken", index < capacity - remaining));
  card.querySelector(".seats")?.classList.toggle("is-other", places.length !== capacity);
  const wasChosen = chosen.checked;
  // A closed hour cannot be booked; what has the focus keeps it.
  if (closed) chosen.checked = false;
  chosen.disabled = closed && chosen !== document.activeElement;
  if (!wasChosen) return;
  if (closed || (before === 0) !== (remaining === 0)) announce(form, card, remaining, closed);
  if (closed) form.dispatchEvent(new Event("unchosen"));
}

function level(remaining, capacity) {
  if (remaining === 0) return "full";
  return remaining * 3 <= capacity ? "few" : "free";
}

// What the scripts say is written into the page, in its language.
export function words(form) {
  return JSON.parse(form.dataset.words);
}

function left(form, remaining) {
  const { full, places } = words(form);
  if (remaining === 0) return full;
  return (places[plurals.select(remaining)] ?? places.other).replace("{number}", numbers.format(remaining));
}

// The day's own number in the month is the sum of its slots.
function count(form) {
  const day = document.querySelector(".day[aria-current]");
  const shown = day?.querySelector(".day-left b");
  if (!shown) return;
  const cards = [...form.querySelectorAll(".hours .slot")];
  const open = cards.filter((card) => !card.classList.contains("slot-closed"));
  const sum = (name) => open.reduce((total, card) => total + Number(card.dataset[name]), 0);
  const [remaining, capacity] = [sum("remaining"), sum("capacity")];
  shown.textContent = numbers.format(remaining);
  const state = level(remaining, capacity);
  day.className = `day day-${state}`;
  day.querySelector(".day-taken")?.setAttribute("width", capacity ? Math.floor(100 * (capacity - remaining) / capacity) : 0);
}

function announce(form, card, remaining, closed) {
  const { nowClosed, nowFull, nowFree } = words(form);
  const said = closed ? nowClosed : remaining === 0 ? nowFull : nowFree;
  offer(form, remaining === 0 ? nearest(form, card) : []);
  form.querySelector("#news").textContent = said.replace("{hours}", hours(card));
  tell("news");
  holdActions(form);
}

// Where one of its buttons was, the other may be now: nobody has read yet what it says.
function holdActions(form) {
  for (const button of form.querySelectorAll(".act .button")) hold(button);
}

// Returns the card's hours as they are said.
function hours(card) {
  return card.querySelector(".slot-hours .vh").textContent.trim().replace(/,$/, "");
}

// The nearest hours of the same day that have places left, at most three.
function nearest(form, card) {
  const cards = [...form.querySelectorAll(".hours .slot")];
  const here = cards.indexOf(form.querySelector(`.hours .slot[data-slot="${CSS.escape(card.dataset.slot)}"]`));
  const far = (other) => Math.abs(cards.indexOf(other) - here);
  return cards.filter((other) => Number(other.dataset.remaining) > 0).sort((a, b) => far(a) - far(b)).slice(0, 3);
}

function offer(form, cards) {
  form.querySelector("#near").lastElementChild.replaceChildren(...cards.map((card) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "near";
    button.dataset.take = card.querySelector("input").id;
    button.append(...card.querySelector(".slot-hours").cloneNode(true).childNodes);
    return button;
  }));
  if (cards.length) tell("near");
  else hush("near");
}

// A near hour is chosen as if it had been clicked in its place.
export function take(event) {
  const button = event.target.closest("form:not(.is-sent) [data-take]");
  if (!button) return;
  const input = document.getElementById(button.dataset.take);
  const form = input.form;
  input.click();
  // The page scrolls to the hour under the finger, where another hour or a button may come to lie.
  hold(form.querySelector("fieldset.hours"));
  holdActions(form);
  input.focus();
}
