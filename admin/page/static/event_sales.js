// Sales of an event: its orders, tickets and reservations, a page at a time.
import { get } from "./api.js";
import { chip, el, table, userText } from "./dom.js";
import { formatDateTime, formatNumber, label, t } from "./i18n.js";
import { viewLink } from "./links.js";
import { pageOf, pagination } from "./pagination.js";
import { navigate } from "./router.js";

const PAGE_SIZE = 25;
const CHIPS = {
  PAID: "good", PENDING: "wait", CONFIRMED: "good", valid: "good", checked_in: "ended", succeeded: "good", pending: "wait",
  failed: "danger",
};
// Each list with the address of its rows, its columns, and the cells of a row.
const LISTS = {
  orders: {
    address: (path, query) => `/orders?eventId=${path}&${query}`,
    columns: ["ordered", "name", "email", "status", "tickets", "amount", "refund"],
    cells: orderCells,
  },
  tickets: {
    address: (path, query) => `/checkin?eventId=${path}&${query}`,
    columns: ["ticketCode", "tierCode", "seat", "name", "status", "checkedInAt"],
    cells: ticketCells,
  },
  reservations: {
    address: (path, query) => `/events/${path}/bookings?${query}`,
    columns: ["reserved", "name", "email", "seat", "status"],
    cells: reservationCells,
  },
};

// Returns the links to the lists and the one that the address names; the orders by default.
export async function salesList(id, params, page = pageOf(params)) {
  const name = Object.hasOwn(LISTS, params.get("list") ?? "") ? params.get("list") : "orders";
  const { address, columns, cells } = LISTS[name];
  const found = await get(address(encodeURIComponent(id), new URLSearchParams({ page, limit: PAGE_SIZE })));
  // The list may have become shorter since the address was made.
  if (page > found.totalPages && found.totalPages) return salesList(id, params, found.totalPages);
  const change = (changes, focusId) => navigate({ view: "events", event: id, list: name, ...changes }, focusId);
  const rows = found.items.map((item) => ({ cells: cells(item, id) }));
  return el("section", { "aria-label": t(`list.${name}`) }, tabs(id, name),
    el("p", { class: "downloads" }, el("b", { class: "result-count", id: "result-count", tabindex: "-1" },
      t(`found.${name}`, { total: formatNumber(found.total) }))),
    rows.length ? table(t(`list.${name}`), columns.map((column) => t(column)), rows)
      : el("p", { class: "panel" }, t("salesNone")),
    found.totalPages > 1 && pagination(found, change));
}

function tabs(id, shown) {
  const links = Object.keys(LISTS).map((name) => viewLink({ view: "events", event: id, list: name }, t(`list.${name}`),
    { id: `list-${name}`, "aria-current": name === shown && "true" }));
  return el("nav", { class: "lists", "aria-label": t("eventSales") }, links);
}

const stateChip = (kind, state) => chip(label(`${kind}.${state}`, state), CHIPS[state] ?? "ended");
const person = (name) => userText(name || t("erased"));

function orderCells(order, eventId) {
  const items = order.items.filter((item) => item.eventId === eventId).map(itemText);
  const refund = order.refund && [`${order.refund.amount} ${order.currency} `, stateChip("refund", order.refund.status)];
  return [formatDateTime(order.createdAt), person(order.name), userText(order.email), stateChip("order", order.status),
    userText(items.join(", ")), `${order.totalAmount} ${order.currency}`, refund ?? t("none")];
}

function itemText({ quantity, tier, seats }) {
  const text = t("orderItem", { quantity: formatNumber(quantity), tier });
  return seats.length ? `${text} (${seats.join(", ")})` : text;
}

function ticketCells(ticket) {
  return [el("span", { class: "code" }, ticket.code), userText(ticket.tier), ticket.seat ?? t("none"), person(ticket.name),
    stateChip("ticket", ticket.status), formatDateTime(ticket.checkedInAt)];
}

function reservationCells(reservation) {
  return [formatDateTime(reservation.createdAt), person(reservation.name), userText(reservation.email ?? t("none")),
    reservation.seat ?? t("none"), stateChip("reservation", reservation.status)];
}
