// Audit view: the changes made in the back office, newest first.
import { get } from "./api.js";
import { showBooking } from "./booking_dialog.js";
import { button, el, table } from "./dom.js";
import { formatDate, formatDateTime, formatNumber, label, t } from "./i18n.js";
import { viewLink } from "./links.js";
import { announce, attempt, navigate, notify } from "./router.js";

const COLUMNS = ["when", "who", "what", "about", "before", "after"];
const PAGE_SIZE = 50;
// A deleted event has no page.
const EVENT_CHANGES = ["event.created", "event.changed", "event.cancelled"];

export async function auditView(params) {
  const after = params.get("after");
  const query = new URLSearchParams({ limit: PAGE_SIZE, ...(after && { after }) });
  const { items, next } = await get(`/audit?${query}`);
  announce(t("audit"));
  const showOlder = () => navigate({ view: "audit", after: next }, "audit");
  return [el("h1", { id: "audit", tabindex: "-1" }, t("audit")),
    items.length ? entryTable(items) : el("p", { class: "panel" }, t("noAudit")),
    next && el("p", { class: "pagination" }, button(t("older"), showOlder, { id: "older" }))];
}

function entryTable(entries) {
  const rows = entries.map((entry) => ({
    cells: [formatDateTime(entry.at), entry.who, label(`done.${entry.what}`, entry.what), subject(entry),
      valueList(entry.before), valueList(entry.after)],
  }));
  return table(t("audit"), COLUMNS.map((name) => t(name)), rows);
}

function valueList(values) {
  const texts = Object.entries(values).map(([name, value]) => `${label(`change.${name}`, name)}: ${valueText(value)}`);
  return texts.join(", ") || t("none");
}

// Returns a booking's reference or a slot's date and hours, linked to its dialog or view; of other things their id. An
// event's id is linked to its page.
function subject({ _id, about: id, what, booking, slot }) {
  if (EVENT_CHANGES.includes(what)) return viewLink({ view: "events", event: id }, el("span", { class: "code break" }, id));
  if (booking) return bookingButton(booking, `about-${_id}`);
  if (slot) return slotLink(slot);
  return el("span", { class: "code break" }, id);
}

function bookingButton(booking, id) {
  const open = () => attempt(async () => {
    const [item] = (await get(`/bookings?reference=${booking.reference}`)).items;
    if (item) await showBooking(item, id);
    else notify(t("problem.booking_not_found"), true);
  });
  const attributes = { type: "button", class: "link-button", id, onclick: open, "aria-label": t("booking", booking) };
  return el("button", attributes, booking.reference);
}

function slotLink(slot) {
  return viewLink({ view: "slots", date: slot.date }, `${formatDate(slot.date)}, ${slot.label}`);
}

function valueText(value) {
  if (typeof value === "boolean") return value ? t("yes") : t("no");
  if (typeof value === "number") return formatNumber(value);
  if (value && typeof value === "object") return `(${valueList(value)})`;
  return label(`letter.${value}`, label(value, value));
}
