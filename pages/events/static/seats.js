// Page of seats: opens rows without a new page, picks seats on the map, shows the choice and its sum.
import { countText, pluralText } from "./availability.js";
import { fetchPage } from "./page_fetch.js";
import { subscribe } from "./ticket_stream.js";
import { dismiss, show } from "../toasts.js";

// A smaller seat is no target for a finger: a tap shows the map closer first.
const LEAST_SEAT_PX = 16;
const CLOSE_SEAT_PX = 28;
const REFRESH_MS = 1_000;
// A line of free seats: a move to its begin, and its length.
const LINES = /([Mm])(-?\d+) (\d+)h(\d+)/g;
const SVG = "http://www.w3.org/2000/svg";
const form = document.getElementById("seat-form");
const best = document.getElementById("best");
const map = document.getElementById("seat-map");
const svg = map.querySelector("svg");
const bar = document.getElementById("chosen-seats");
const chosen = svg.querySelector(".seats-chosen");
const rows = [...form.querySelectorAll(".seat-rows > li")];
const messages = JSON.parse(form.dataset.messages);
const money = new Intl.NumberFormat(messages.locale, { style: "currency", currency: form.dataset.currency });
const unit = 10 ** Number(form.dataset.exponent);
const pitch = Number(svg.dataset.pitch);
const limit = Number(form.dataset.limit);
let timer;

document.documentElement.classList.add("has-scripts");
rows.forEach((row) => row.firstElementChild.setAttribute("aria-expanded", String(Boolean(fieldsetOf(row)))));
form.addEventListener("click", toggleRow);
form.addEventListener("change", changeChoice);
svg.addEventListener("click", pick);
best.addEventListener("change", nameBest);
addEventListener("pageshow", showChoice);
addEventListener("pageshow", nameBest);
subscribe(form.dataset.live === "1", update, refresh);

// Without scripts the button names no number, because it could not follow the choice.
function nameBest() {
  document.getElementById("take-best").textContent = pluralText(messages.best, Number(best.value));
}

function fieldsetOf(row) {
  return row.querySelector("fieldset");
}

async function toggleRow(event) {
  const button = event.target.closest(".row-button");
  if (!button) return;
  event.preventDefault();
  const row = button.parentElement;
  const fieldset = await loaded(row);
  if (!fieldset) return;
  const isOpen = button.getAttribute("aria-expanded") === "true";
  button.setAttribute("aria-expanded", String(!isOpen));
  fieldset.hidden = isOpen;
}

// Returns the seats of a row, read once. Seats chosen in it before move from the bar into it.
async function loaded(row) {
  const present = fieldsetOf(row);
  if (present) return present;
  row.loading ??= readRow(row).finally(() => {
    row.loading = undefined;
  });
  return row.loading;
}

async function readRow(row) {
  const page = await fetchPage(addressOf(row));
  const fieldset = page?.querySelector("fieldset");
  if (!fieldset) {
    show("stale-availability");
    return null;
  }
  fieldset.hidden = true;
  const lost = [];
  for (const input of fieldset.querySelectorAll("input")) {
    const other = bar.querySelector(`[value="${CSS.escape(input.value)}"]`);
    if (other?.checked && input.disabled) lost.push(input);
    else if (other) input.checked = other.checked;
    other?.closest("label").remove();
  }
  row.append(document.adoptNode(fieldset));
  announceLost(lost);
  return fieldset;
}

function addressOf(row) {
  const query = new URLSearchParams({ tier: form.dataset.tier, row: row.firstElementChild.value, part: "row" });
  return `${form.action}?${query}`;
}

// A click on a seat picks it, or gives it back. On a map with too small seats it shows that part closer.
async function pick(event) {
  const box = svg.getBoundingClientRect();
  const view = svg.viewBox.baseVal;
  const scale = box.width / view.width;
  const x = (event.clientX - box.left) / scale + view.x;
  const y = (event.clientY - box.top) / scale + view.y;
  if (scale * pitch < LEAST_SEAT_PX) {
    zoom(x, y);
    return;
  }
  const row = rows[Math.floor(y / pitch)];
  if (y < 0 || !row) return;
  const fieldset = await loaded(row);
  const column = Math.floor((x + (pitch - 7) / 2) / pitch);
  const input = fieldset?.querySelector(`input[data-x="${column}"]:enabled`);
  input?.click();
}

function zoom(x, y) {
  const scale = CLOSE_SEAT_PX / pitch;
  const view = svg.viewBox.baseVal;
  map.classList.add("is-close");
  svg.setAttribute("width", view.width * scale);
  svg.setAttribute("height", view.height * scale);
  map.scrollTo((x - view.x) * scale - map.clientWidth / 2, (y - view.y) * scale - map.clientHeight / 2);
}

function changeChoice(event) {
  if (event.target.name !== "seats") return;
  if (!isChoosable(event.target)) {
    event.target.checked = false;
    return;
  }
  if (chosenInputs().length > limit) {
    event.target.checked = false;
    show("seat-limit");
  } else {
    dismiss("seat-limit");
  }
  showChoice();
}

function chosenInputs() {
  return [...form.querySelectorAll("[name=seats]:checked")];
}

function showChoice() {
  const inputs = chosenInputs();
  chosen.replaceChildren(...inputs.map(mark));
  bar.nextElementSibling.disabled = !inputs.length;
  const sum = inputs.length * Number(form.dataset.price);
  const text = [inputs.map(labelOf).join(", ")];
  text.push(countText(messages, inputs.length), sum ? money.format(sum / unit) : messages.free);
  document.getElementById("chosen-sum").textContent = inputs.length ? text.join(" · ") : "";
}

function mark(input) {
  const rect = document.createElementNS(SVG, "rect");
  const values = { x: input.dataset.x * pitch - 1, y: (Number(input.dataset.y) + 0.5) * pitch - 4.5, width: 9, height: 9, rx: 2 };
  for (const [name, value] of Object.entries(values)) rect.setAttribute(name, value);
  return rect;
}

function update({ eventId, tiers }) {
  if (eventId !== form.dataset.event || !tiers) return;
  clearTimeout(timer);
  timer = setTimeout(refresh, REFRESH_MS);
}

// Reads the map again: its paths, the counts, and the seats of the open rows. Returns whether it worked.
async function refresh() {
  const query = new URLSearchParams({ tier: form.dataset.tier });
  const page = await fetchPage(`${form.action}?${query}`);
  const fresh = page?.getElementById("seat-map")?.querySelector("svg");
  if (!fresh) return false;
  for (const name of [".seats-taken", ".seats-free"]) {
    svg.querySelector(name).setAttribute("d", fresh.querySelector(name).getAttribute("d"));
  }
  copyText(page.querySelector(".intro .lead"), document.querySelector(".intro .lead"));
  const counts = page.querySelectorAll(".row-free");
  rows.forEach((row, index) => copyText(counts[index], row.querySelector(".row-free")));
  const free = freeSeats();
  const inputs = [...form.querySelectorAll("[name=seats]")];
  announceLost(inputs.filter((input) => showFree(input, free.has(`${input.dataset.x}:${input.dataset.y}`))));
  return true;
}

function copyText(from, to) {
  if (from && from.textContent !== to.textContent) to.textContent = from.textContent;
}

// Returns the columns and rows of the free seats, from the lines of the map. Those in this person's cart count as free.
function freeSeats() {
  const found = new Set();
  let x = 0;
  let y = 0;
  for (const [, command, move, middle, length] of svg.querySelector(".seats-free").getAttribute("d").matchAll(LINES)) {
    x = command === "M" ? Number(move) : x + Number(move);
    if (command === "M") y = Math.floor(Number(middle) / pitch);
    const end = x + Number(length);
    for (; x < end; x += pitch) found.add(`${x / pitch}:${y}`);
    x = end;
  }
  return found;
}

// Shows whether a seat is free. One under the focus stays focusable. Returns whether this person has lost it.
function showFree(input, isFree) {
  const wasFree = isChoosable(input);
  if (wasFree === isFree) return false;
  const hasFocus = input === document.activeElement;
  const isLost = !isFree && (input.checked || hasFocus);
  input.checked &&= isFree;
  input.disabled = !isFree && !hasFocus;
  input.removeAttribute("aria-disabled");
  if (!isFree) input.setAttribute("aria-disabled", "true");
  input.closest("label").classList.toggle("is-taken", !isFree);
  const words = document.createElement("span");
  words.className = "visually-hidden";
  words.textContent = ` (${messages.taken})`;
  input.nextElementSibling.replaceChildren(labelOf(input), ...(isFree ? [] : [words]));
  return isLost;
}

function isChoosable(input) {
  return !input.disabled && input.getAttribute("aria-disabled") !== "true";
}

function labelOf(input) {
  return input.nextElementSibling.firstChild.textContent;
}

// Says which seats of this person others have taken, and which are left.
function announceLost(lost) {
  if (!lost.length) return;
  showChoice();
  const seats = chosenInputs().map(labelOf).join(", ");
  const left = seats ? messages.seatsLeft.replace("{seats}", () => seats) : messages.seatsNone;
  const sentences = lost.map((input) => messages.seatLost.replace("{seat}", () => labelOf(input)));
  document.querySelector('[data-toast="seat-lost"] p').textContent = [...sentences, left].join(" ");
  const gone = lost.filter((input) => bar.contains(input) && input !== document.activeElement);
  gone.forEach((input) => input.closest("label").remove());
  show("seat-lost");
}
