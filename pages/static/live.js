// Live availability: updates the slot cards from server-sent events, or by polling where there is no event stream.
import { suppress } from "./tap_guard.js";
import { dismiss, setToast, show } from "./toasts.js";

const POLL_MS = 15_000;
// Polling starts after a gap longer than a browser's reconnection takes.
const RECONNECT_GRACE_MS = 4_000;
const REQUEST_TIMEOUT_MS = 10_000;
// After this time a stream that the server refused is requested again.
const RETRY_MS = 60_000;
const MAX_ALTERNATIVES = 3;
// The language cannot change: another language loads a new page.
const { lang } = document.documentElement;
const numbers = new Intl.NumberFormat(lang);
const plurals = new Intl.PluralRules(lang);

// Keeps the form's slot cards up to date; returns a function that stops it.
export function bindForm(form) {
  const { date } = document.getElementById("hours").dataset;
  showParty(form);
  const apply = (slots) => {
    slots.forEach((slot) => updateCards(form, slot));
    updateDayTotal(form);
  };
  return subscribe(date, form.dataset.live === "1", apply);
}

// Calls `apply` with the changed slots of a date: all in a snapshot, one in an update. Returns a function that stops it.
export function subscribe(date, isLive, apply) {
  const query = `date=${encodeURIComponent(date)}`;
  const poller = createPoller(query, apply);
  if (!isLive) {
    poller.start();
    return poller.stop;
  }
  const stream = openEventStream(query, apply, poller);
  return () => {
    stream.stop();
    poller.stop();
  };
}

// The browser reconnects by itself and resumes, unless the server refused it. Polling covers the gap.
function openEventStream(query, apply, poller) {
  let source;
  let timer;
  const handleOpen = () => {
    clearTimeout(timer);
    timer = undefined;
    poller.stop();
  };
  const handleError = () => {
    if (source.readyState === EventSource.CLOSED) {
      clearTimeout(timer);
      poller.start();
      timer = setTimeout(connect, RETRY_MS);
    } else {
      timer ??= setTimeout(() => poller.start(0), RECONNECT_GRACE_MS);
    }
  };
  const connect = () => {
    timer = undefined;
    source = new EventSource(`/api/live?${query}`);
    source.addEventListener("open", handleOpen);
    source.addEventListener("snapshot", (event) => apply(JSON.parse(event.data)));
    source.addEventListener("slotUpdate", (event) => apply([JSON.parse(event.data)]));
    source.addEventListener("error", handleError);
  };
  const stop = () => {
    clearTimeout(timer);
    source.close();
  };
  connect();
  return { stop };
}

// Polls the slots and shows a toast while that fails. The browser sends the ETag, so an unchanged answer is small.
function createPoller(query, apply) {
  let isRunning = false;
  // Each stop starts a new generation: a response of an older one is ignored.
  let generation = 0;
  let timer;
  const poll = async (ownGeneration) => {
    if (!document.hidden) {
      const slots = await fetchJson(`/api/slots?${query}`);
      // Events may have been newer than this response, even if the stream has ended again.
      if (ownGeneration !== generation) return;
      setToast("stale-availability", !slots);
      if (slots) apply(slots);
    }
    timer = setTimeout(poll, POLL_MS, ownGeneration);
  };
  const start = (delay = POLL_MS) => {
    if (isRunning) return;
    isRunning = true;
    timer = setTimeout(poll, delay, generation);
  };
  const stop = () => {
    isRunning = false;
    generation += 1;
    clearTimeout(timer);
    setToast("stale-availability", false);
  };
  return { start, stop };
}

// Returns the parsed response, or null after an error or a timeout.
async function fetchJson(address) {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), REQUEST_TIMEOUT_MS);
  try {
    const response = await fetch(address, { cache: "no-cache", signal: controller.signal });
    return response.ok ? await response.json() : null;
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
  }
}

// A slot can have two cards: one among the hours, one among the offered alternatives.
function updateCards(form, slot) {
  const id = slot._id ?? slot.slotId;
  for (const card of findCards(form, id)) applyUpdate(form, card, slot);
}

function findCards(form, id) {
  return form.querySelectorAll(`.slot[data-slot="${CSS.escape(id)}"]`);
}

function applyUpdate(form, card, { remaining, capacity, closed = false }) {
  const isFull = remaining < partySize(form);
  const wasFull = Number(card.dataset.remaining) < partySize(form);
  const input = card.querySelector("input");
  const wasSelected = input.checked;
  card.dataset.remaining = remaining;
  card.dataset.capacity = capacity;
  showPlaces(form, card, closed);
  updateSeats(card, remaining, capacity);
  // A closed slot cannot be booked. Disabling the focused input would lose the focus.
  if (closed) input.checked = false;
  input.disabled = closed && input !== document.activeElement;
  if (!wasSelected) return;
  if (closed || wasFull !== isFull) announceChange(form, card, isFull, closed);
  if (closed) form.dispatchEvent(new Event("slot-unselected"));
}

// Shows the places of a slot. One with too few for the party is full for it.
function showPlaces(form, card, closed = false) {
  const remaining = Number(card.dataset.remaining);
  const open = remaining < partySize(form) ? "full" : levelOf(remaining, Number(card.dataset.capacity));
  const level = closed ? "closed" : open;
  card.className = `slot slot-${level}`;
  card.querySelector(".slot-state").textContent = closed ? messages(form).closed : remainingText(form, remaining);
}

// Returns how many places the guest wants.
function partySize(form) {
  return Number(form.elements.seats?.value) || 1;
}

// Shows which slots and days have places for the party that is chosen.
export function showParty(form) {
  if (!form.elements.seats) return;
  for (const card of form.querySelectorAll(".slot:not(.slot-closed, .slot-unknown)")) showPlaces(form, card);
  for (const day of document.querySelectorAll("a.day[data-largest]")) showDay(form, day);
}

function showDay(form, day) {
  const isShort = Number(day.dataset.largest) < partySize(form);
  day.classList.remove("day-free", "day-few", "day-full");
  day.classList.add(`day-${isShort ? "full" : day.dataset.level}`);
}

// Marks the taken seats. A drawing of another capacity is hidden.
function updateSeats(card, remaining, capacity) {
  const seats = card.querySelectorAll("circle");
  seats.forEach((seat, index) => seat.classList.toggle("taken", index < capacity - remaining));
  card.querySelector(".seats")?.classList.toggle("is-outdated", seats.length !== capacity);
}

function levelOf(remaining, capacity) {
  if (remaining === 0) return "full";
  return remaining * 3 <= capacity ? "few" : "free";
}

// Returns the texts that the page contains for its scripts, in its language.
export function messages(form) {
  return JSON.parse(form.dataset.messages);
}

function remainingText(form, remaining) {
  const { full, places, short } = messages(form);
  if (remaining === 0) return full;
  const text = countText(places, remaining);
  return remaining < partySize(form) ? short.replace("{places}", text) : text;
}

// Returns the text for a number from its plural forms.
export function countText(forms, number) {
  const template = forms[plurals.select(number)] ?? forms.other;
  return template.replace("{number}", numbers.format(number));
}

// Updates the number of the selected day in the calendar, which is the sum over its open slots.
function updateDayTotal(form) {
  const day = document.querySelector(".day[aria-current]");
  const total = day?.querySelector(".day-left b");
  if (!total) return;
  const cards = hourCards(form);
  const open = cards.filter((card) => !card.classList.contains("slot-closed"));
  const sum = (name) => open.reduce((subtotal, card) => subtotal + Number(card.dataset[name]), 0);
  const remaining = sum("remaining");
  const capacity = sum("capacity");
  total.textContent = numbers.format(remaining);
  day.className = `day day-${levelOf(remaining, capacity)}`;
  const takenPercent = capacity ? Math.floor(100 * (capacity - remaining) / capacity) : 0;
  day.querySelector(".day-taken")?.setAttribute("width", takenPercent);
  if (!day.dataset.largest) return;
  day.dataset.largest = Math.max(0, ...open.map((card) => Number(card.dataset.remaining)));
  day.dataset.level = levelOf(remaining, capacity);
  showDay(form, day);
}

function hourCards(form) {
  return [...form.querySelectorAll(".hours .slot")];
}

// Informs the guest that the selected slot has become full, free or closed.
function announceChange(form, card, isFull, closed) {
  const text = changeText(form, isFull, closed);
  offerAlternatives(form, isFull ? nearestFree(form, card) : []);
  form.querySelector("#selection-changed").textContent = text.replace("{hours}", hoursText(card));
  show("selection-changed");
  suppressSubmit(form);
}

function changeText(form, isFull, closed) {
  const { nowClosed, nowFull, nowFree } = messages(form);
  if (closed) return nowClosed;
  return isFull ? nowFull : nowFree;
}

// The two submit buttons replace each other in one place, so a tap could hit the one that the guest has not read.
function suppressSubmit(form) {
  for (const button of form.querySelectorAll(".submit-actions .button")) suppress(button);
}

// Returns the card's hours as screen readers read them.
function hoursText(card) {
  return card.querySelector(".slot-hours .visually-hidden").textContent.trim().replace(/,$/, "");
}

// Returns the cards of the same day that have places left, nearest first.
function nearestFree(form, card) {
  const cards = hourCards(form);
  const index = cards.findIndex((other) => other.dataset.slot === card.dataset.slot);
  const distance = (other) => Math.abs(cards.indexOf(other) - index);
  const free = cards.filter((other) => Number(other.dataset.remaining) >= partySize(form));
  return free.sort((one, other) => distance(one) - distance(other)).slice(0, MAX_ALTERNATIVES);
}

function offerAlternatives(form, cards) {
  form.querySelector("#alternatives").lastElementChild.replaceChildren(...cards.map(alternativeButton));
  if (cards.length) show("alternatives");
  else dismiss("alternatives");
}

function alternativeButton(card) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "alternative";
  button.dataset.selects = card.querySelector("input").id;
  button.append(...card.querySelector(".slot-hours").cloneNode(true).childNodes);
  return button;
}

// Selects the slot of a clicked alternative, as a click on its own card would.
export function selectAlternative(event) {
  const button = event.target.closest("form:not(.is-submitting) [data-selects]");
  if (!button) return;
  const input = document.getElementById(button.dataset.selects);
  const { form } = input;
  input.click();
  // The page scrolls to the selected slot, so another slot or a button may come under the finger.
  suppress(form.querySelector("fieldset.hours"));
  suppressSubmit(form);
  input.focus();
}
