// Slots view: the slots of a date; changes their capacity, closes and reopens them.
import { ApiError, get, patch } from "./api.js";
import { button, chip, el, field, select, table } from "./dom.js";
import { dates, formatDate, formatNumber, hasParties, t } from "./i18n.js";
import { announce, attempt, navigate, notify, onNavigationFailed, refresh } from "./router.js";

const COLUMNS = ["hours", "booked", "waiting", "saved", "capacity", "state", "closing"];

export async function slotsView(params) {
  const date = dates.includes(params.get("date")) ? params.get("date") : dates[0];
  const slots = await get(`/slots?date=${date}`);
  const title = t("slotsOf", { date: formatDate(date) });
  announce(title);
  // Places are saved for parties only, or were before the schedule allowed none.
  const showsSaved = hasParties || slots.some((slot) => slot.saved);
  const columns = COLUMNS.filter((name) => showsSaved || name !== "saved");
  const rows = table(title, columns.map((name) => t(name)), slots.map((slot) => row(slot, showsSaved)), "slots-table");
  const filters = el("div", { class: "panel filters" }, field(t("date"), dateSelect(date, rows)));
  return [el("h1", { tabindex: "-1" }, t("slots")), filters,
    showsSaved && el("p", { class: "hint saved-hint", id: "saved-hint" }, t("savedMeans")), rows];
}

function dateSelect(date, rows) {
  const control = select("date", dates.map((each) => [each, formatDate(each)]), date);
  control.addEventListener("change", () => {
    // While the new date loads, the rows do not belong to the selected one.
    rows.inert = true;
    onNavigationFailed(() => {
      rows.inert = false;
      control.value = date;
    });
    navigate({ view: "slots", date: control.value });
  });
  return control;
}

function row(slot, showsSaved) {
  const capacityInput = el("input", { type: "number", min: "0", required: true, value: slot.capacity, id: `capacity-${slot._id}`,
    "aria-label": t("capacityOf", { hours: slot.label }) });
  // Restores the capacity after an error, and names the slot in the message.
  const handleError = (error) => {
    capacityInput.value = slot.capacity;
    if (error instanceof ApiError && error.status !== 401) error.message = `${slot.label}: ${error.message}`;
    throw error;
  };
  const change = (getChanges, successMessage) => (event) => {
    event.preventDefault();
    attempt(async () => {
      await patch(`/slots/${slot._id}`, getChanges()).catch(handleError);
      await refresh();
      notify(successMessage);
    }, event.submitter ?? event.currentTarget);
  };
  const counts = [slot.bookedCount, slot.waiting, ...(showsSaved ? [slot.saved] : [])].map(formatNumber);
  return { cells: [slot.label, ...counts, capacityForm(slot, capacityInput, change), stateChip(slot), closeButton(slot, change)] };
}

function capacityForm(slot, input, change) {
  const save = change(() => ({ capacity: Number(input.value) }), t("capacitySaved", timeOf(slot)));
  const attributes = { id: `save-${slot._id}`, "aria-label": t("saveOf", { hours: slot.label }) };
  return el("form", { class: "capacity", onsubmit: save }, input,
    el("button", { class: "button button-secondary button-small", ...attributes }, t("save")));
}

// Closes an open slot and reopens a closed one.
function closeButton(slot, change) {
  const action = slot.closed ? "reopen" : "close";
  const successMessage = t(slot.closed ? "nowOpen" : "nowClosed", timeOf(slot));
  return button(t(action), change(() => ({ closed: !slot.closed }), successMessage),
    { id: `close-${slot._id}`, "aria-label": t(`${action}Of`, { hours: slot.label }) });
}

const timeOf = (slot) => ({ hours: slot.label, date: formatDate(slot.date) });

function stateChip(slot) {
  if (slot.closed) return chip(t("slotClosed"), "ended");
  return slot.isFull ? chip(t("slotFull"), "wait") : chip(t("slotOpen"), "good");
}
