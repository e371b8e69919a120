// Bookings view: a list whose filters, sort order and page are query parameters.
import { get } from "./api.js";
import { showBooking } from "./booking_dialog.js";
import { button, chip, el, field, select, table, userText } from "./dom.js";
import { download } from "./download.js";
import { countries, dates, formatDate, formatDateTime, formatNumber, t } from "./i18n.js";
import { pageOf, pagination } from "./pagination.js";
import { announce, attempt, navigate, onNavigationFailed } from "./router.js";

const FILTERS = ["q", "reference", "name", "email", "phone", "date", "country", "status"];
const PAGE_SIZE = 25;
// Each column's message key, and its sort field if it has one.
const COLUMNS = [
  ["reference"], ["name", "name"], ["date", "date"], ["hours", "hour"], ["email"], ["phone"], ["country", "country"],
  ["status"], ["created", "created"],
];

function pick(params, names) {
  const filled = names.filter((name) => params.get(name));
  return Object.fromEntries(filled.map((name) => [name, params.get(name)]));
}

const defaultOrder = (sort) => (sort === "created" ? "desc" : "asc");

export async function bookingsView(params) {
  const filters = pick(params, FILTERS);
  const sort = params.get("sort") || "created";
  const order = params.get("order") || defaultOrder(sort);
  const page = pageOf(params);
  const found = await get(`/bookings?${new URLSearchParams({ ...filters, sort, order, page, limit: PAGE_SIZE })}`);
  // The result may have become shorter since the address was made.
  if (page > found.totalPages && found.totalPages) return bookingsView(withPage(params, found.totalPages));
  const current = { view: "bookings", ...filters, ...pick(params, ["sort", "order"]) };
  const change = (changes, focusId) => navigate({ ...current, ...changes }, focusId);
  const sorting = { sort, order, sorts: found.sorts, change };
  announce(resultText(found, page));
  return [el("h1", { tabindex: "-1" }, t("bookings")), filterForm(params, sorting),
    downloadSection({ ...filters, sort, order }, found), bookingTable(found.items, sorting),
    found.totalPages > 1 && pagination(found, change)];
}

function withPage(params, page) {
  const changed = new URLSearchParams(params);
  changed.set("page", page);
  return changed;
}

function resultText(found, page) {
  const { totalPages } = found;
  if (totalPages <= 1) return t("found", { total: totalText(found) });
  return t("foundPage", { total: totalText(found), page: formatNumber(page), pages: formatNumber(totalPages) });
}

function totalText({ total, totalIsExact }) {
  return totalIsExact ? formatNumber(total) : t("aboutTotal", { total: formatNumber(total) });
}

function bookingTable(items, sorting) {
  if (!items.length) return el("p", { class: "panel" }, t("nothing"));
  return table(t("bookings"), COLUMNS.map((column) => heading(column, sorting)), items.map(row), "bookings-table");
}

function filterForm(params, sorting) {
  const value = (name) => params.get(name) ?? "";
  const input = (name, maxlength, attributes = {}) =>
    field(t(name), el("input", { id: name, name, maxlength, value: value(name), autocomplete: "off", ...attributes }));
  const search = (event) => {
    event.preventDefault();
    const values = [...new FormData(event.currentTarget)].map(([name, text]) => [name, text.trim()]);
    navigate({ view: "bookings", ...Object.fromEntries(values), ...pick(params, ["sort", "order"]) });
  };
  const country = value("country").toUpperCase();
  const statuses = [["", t("any")], ["confirmed", t("confirmed")], ["cancelled", t("cancelled")]];
  const dateOptions = [["", t("any")], ...dates.map((date) => [date, formatDate(date)])];
  return el("form", { class: "panel filters", role: "search", onsubmit: search },
    input("q", "200", { type: "search", placeholder: t("searchHint"), spellcheck: "false" }),
    input("reference", "40", { autocapitalize: "characters", spellcheck: "false" }), input("name", "80"),
    input("email", "254", { inputmode: "email", autocapitalize: "none", spellcheck: "false" }),
    input("phone", "40", { type: "tel" }),
    field(t("date"), select("date", dateOptions, value("date"))),
    field(t("country"), select("country", countryOptions(country), country)),
    field(t("status"), select("status", statuses, value("status"))),
    sortSelect(sorting),
    el("p", { class: "filter-actions" }, el("button", { class: "button button-small", id: "find" }, t("find")),
      button(t("clear"), () => navigate({ view: "bookings" }), { id: "clear" })));
}

// The selected code is always an option, even if no country has it.
function countryOptions(selected) {
  const options = [["", t("any")], ...countries];
  return options.some(([code]) => code === selected) ? options : [...options, [selected, selected]];
}

// Builds the sort menu for narrow screens, where the table is shown as cards without headings.
function sortSelect({ sort, order, sorts, change }) {
  const options = COLUMNS.filter(([, by]) => sorts.includes(by)).flatMap(sortOptions);
  const control = select("sorter", options, `${sort} ${order}`);
  control.removeAttribute("name");
  control.addEventListener("change", () => {
    const [by, direction] = control.value.split(" ");
    onNavigationFailed(() => { control.value = `${sort} ${order}`; });
    change({ sort: by, order: direction });
  });
  const sorter = field(t("sortBy"), control);
  sorter.classList.add("sorter");
  return sorter;
}

// The time of booking sorts newest first by default, so that order comes first.
function sortOptions([name, by]) {
  if (by === "created") return [["created desc", t("sortNewest")], ["created asc", t("sortOldest")]];
  return [[`${by} asc`, t("sortUp", { column: t(name) })], [`${by} desc`, t("sortDown", { column: t(name) })]];
}

function heading([name, by], { sort, order, sorts, change }) {
  const text = t(name);
  const isSorted = by && by === sort;
  const attributes = isSorted ? { "aria-sort": ariaSort(order) } : {};
  if (!by || !sorts.includes(by)) return { text, attributes, content: text };
  const next = isSorted ? opposite(order) : defaultOrder(by);
  const sortBy = () => change({ sort: by, order: next });
  return { text, attributes, content: el("button", { type: "button", id: `sort-${by}`, class: "sort", onclick: sortBy }, text) };
}

const opposite = (order) => (order === "asc" ? "desc" : "asc");
const ariaSort = (order) => (order === "asc" ? "ascending" : "descending");

function row(booking) {
  const open = () => attempt(() => showBooking(booking));
  const name = booking.fullName || t("erased");
  const reference = el("button", { type: "button", class: "link-button reference", id: `booking-${booking._id}`, onclick: open,
    "aria-label": t("open", { reference: booking.reference, name }) }, booking.reference);
  const status = chip(t(booking.status), booking.status === "confirmed" ? "good" : "ended");
  return {
    // The button serves keyboards and screen readers. A click anywhere in the row does the same, unless text is selected.
    attributes: { onclick: (event) => event.target.closest("button") || getSelection().toString() || open() },
    cells: [reference, userText(name), formatDate(booking.date), hours(booking), userText(booking.email), booking.phone,
      booking.country, status, formatDateTime(booking.createdAt)],
  };
}

function hours({ slotLabel, seats }) {
  return seats > 1 ? t("hoursOfParty", { hours: slotLabel, seats: formatNumber(seats) }) : slotLabel;
}

// The CSV file has the filters and the order of the list.
function downloadSection(filters, found) {
  const { total } = found;
  const count = totalText(found);
  const section = el("p", { class: "downloads" });
  const text = total ? t("downloadFound", { total: count }) : t("download");
  const start = button(text, () => download({ filters, total, section, start }), { id: "download", disabled: !total });
  section.append(el("b", { class: "result-count", id: "result-count", tabindex: "-1" }, t("found", { total: count })), start);
  return section;
}
