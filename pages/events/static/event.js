// Page of an event: buttons for quantities, the sum of the choice, and live numbers.
import { countText, showRemaining } from "./availability.js";
import { fetchPage } from "./page_fetch.js";
import { subscribe } from "./ticket_stream.js";

const tickets = document.getElementById("tickets");
const messages = JSON.parse(tickets.dataset.messages);
const bar = document.getElementById("cart-bar");
const money = new Intl.NumberFormat(messages.locale, { style: "currency", currency: tickets.dataset.currency });
const unit = 10 ** Number(tickets.dataset.exponent);
let hasChosen = false;

document.documentElement.classList.add("has-scripts");
tickets.querySelectorAll(".tier").forEach(prepare);
tickets.addEventListener("click", step);
tickets.addEventListener("input", showChoice);
addEventListener("pageshow", showChoice);
document.getElementById("cart-form")?.addEventListener("submit", refuseNone);
if (bar) subscribe(tickets.dataset.live === "1", update, reload);

// Adds the two buttons to the quantity of a tier.
function prepare(tier) {
  const stepper = tier.querySelector("[data-stepper]");
  if (!stepper) return;
  const name = tier.querySelector("h3").textContent;
  stepper.prepend(stepButton(-1, "−", `${messages.fewer}, ${name}`));
  stepper.append(stepButton(1, "+", `${messages.more}, ${name}`));
}

function stepButton(change, sign, label) {
  const button = document.createElement("button");
  button.type = "button";
  button.dataset.change = change;
  button.textContent = sign;
  button.setAttribute("aria-label", label);
  return button;
}

function step(event) {
  const button = event.target.closest("[data-change]");
  if (!button) return;
  const input = button.parentElement.querySelector("input");
  input.value = within(input, quantityOf(input) + Number(button.dataset.change));
  showChoice();
}

function within(input, quantity) {
  return Math.min(Number(input.max), Math.max(0, quantity));
}

function quantityOf(input) {
  return Math.max(0, Math.trunc(Number(input.value)) || 0);
}

// A button without effect stays focusable, so that the focus is not lost under the finger.
function showChoice() {
  if (!bar) return;
  let count = 0;
  let sum = 0;
  for (const input of tickets.querySelectorAll("[data-quantity]")) {
    const quantity = quantityOf(input);
    count += quantity;
    sum += quantity * Number(input.closest(".tier").dataset.price);
    const [less, more] = input.parentElement.querySelectorAll("button");
    less.setAttribute("aria-disabled", quantity <= 0);
    more.setAttribute("aria-disabled", quantity >= Number(input.max));
  }
  const total = sum ? money.format(sum / unit) : messages.free;
  hasChosen ||= count > 0;
  const none = hasChosen ? messages.none : "";
  bar.firstElementChild.textContent = count ? `${countText(messages, count)} · ${total}` : none;
}

// Nothing is sent without a ticket. The focus goes to the first quantity.
function refuseNone(event) {
  const inputs = [...tickets.querySelectorAll("[data-quantity]")];
  if (inputs.some(quantityOf)) return;
  event.preventDefault();
  inputs[0]?.focus();
  bar.firstElementChild.textContent = messages.choose;
}

// A message with all tiers is shown at once; a snapshot has only the sum, so the page is read again if that differs.
function update({ eventId, remainingTickets, tiers }) {
  if (eventId !== tickets.dataset.event) return;
  if (!tiers) {
    if (Number(tickets.dataset.remaining) !== remainingTickets) reload();
    return;
  }
  tickets.dataset.remaining = remainingTickets;
  const isCrossed = tiers.some(({ id, remaining }) => crosses(id, remaining));
  tiers.forEach(({ id, remaining }) => showTier(id, remaining));
  if (isCrossed) reload();
}

// Returns whether a tier becomes sold out or gets tickets again: then it needs another form.
function crosses(id, remaining) {
  const left = leftOf(id);
  return Boolean(left) && (Number(left.dataset.remaining) === 0) !== (remaining === 0);
}

function leftOf(id) {
  return tickets.querySelector(`[data-left="${CSS.escape(id)}"]`);
}

function showTier(id, remaining) {
  const left = leftOf(id);
  if (!left) return;
  showRemaining(left, remaining, messages);
  const input = left.closest(".tier").querySelector("[data-quantity]");
  if (input) limit(input, Math.min(messages.most, remaining));
}

function limit(input, most) {
  input.max = most;
  const hint = document.getElementById(input.getAttribute("aria-describedby"));
  hint.textContent = messages.atMost.replace("{number}", most);
  showChoice();
}

// Reads the page again and replaces the tiers that have changed; what was chosen stays. Returns whether it worked.
async function reload() {
  const page = await fetchPage(location.pathname);
  const fresh = page?.getElementById("tickets");
  if (!fresh) return false;
  tickets.dataset.remaining = fresh.dataset.remaining;
  for (const tier of tickets.querySelectorAll(".tier")) {
    const other = page.getElementById(tier.id);
    if (other) replaceTier(tier, document.adoptNode(other));
  }
  replaceReservation(page.getElementById("reservation"));
  const freshBar = page.getElementById("cart-bar");
  bar.hidden = !freshBar || freshBar.hidden;
  showChoice();
  return true;
}

function replaceTier(tier, other) {
  const old = tier.querySelector("[data-quantity]");
  const input = other.querySelector("[data-quantity]");
  const isSameForm = Boolean(old) === Boolean(input);
  // A dialog that waits for an answer stays open.
  if (tier.querySelector("dialog[open]")) return;
  if (isSameForm && tier.contains(document.activeElement)) {
    const left = other.querySelector(".left");
    if (left) showTier(tier.dataset.tier, Number(left.dataset.remaining));
    return;
  }
  if (old && input) input.value = within(input, quantityOf(old));
  prepare(other);
  replace(tier, other, ".tier-action");
  if (!isSameForm) announce(other, input);
}

// Replaces an element. The focus moves only if it was inside, to the first control in `part` or else to its text.
function replace(element, other, part) {
  const hadFocus = element.contains(document.activeElement);
  element.replaceWith(other);
  if (!hadFocus) return;
  const control = other.querySelector(`${part} :is(input:not([type="hidden"]), select, .button, summary)`);
  const target = control ?? other.querySelector(".hint, h3");
  if (target.tabIndex < 0) target.tabIndex = -1;
  target.focus();
}

// Says that a tier has sold out, or is on sale again.
function announce(tier, input) {
  const isSoldOut = tier.querySelector(".left")?.dataset.remaining === "0";
  if (!input && !isSoldOut) return;
  const text = input ? messages.onSale : messages.soldOut;
  const news = document.getElementById("tier-news");
  news.textContent = text.replace("{tier}", () => tier.querySelector("h3").textContent);
}

// The button of a reservation goes with the last ticket of its tier, and comes back with the next one.
function replaceReservation(fresh) {
  const old = document.getElementById("reservation");
  if (!old || !fresh || Boolean(old.querySelector("form")) === Boolean(fresh.querySelector("form"))) return;
  replace(old, document.adoptNode(fresh), ".own");
}
