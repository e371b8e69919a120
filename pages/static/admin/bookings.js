// The listing: filters, order and page stand in the address.
import { get } from "./api.js";
import { detail } from "./booking.js";
import { button, chip, choice, el, field, table, typed } from "./dom.js";
import { download } from "./download.js";
import { announce, go, guarded, otherwise } from "./moving.js";
import { count, countries, dates, day, moment, say } from "./words.js";

const FILTERS = ["reference", "name", "email", "phone", "date", "country", "status"];
const PAGE = 25;
const COLUMNS = [
  ["reference"], ["name", "name"], ["date", "date"], ["hours", "hour"], ["email"], ["phone"], ["country", "country"], ["status"], ["created", "created"],
];

const only = (asked, names) => Object.fromEntries(names.filter((name) => asked.get(name)).map((name) => [name, asked.get(name)]));
const natural = (sort) => (sort === "created" ? "desc" : "asc");

export async function bookings(asked) {
  const wanted = only(asked, FILTERS);
  const sort = asked.get("sort") || "created";
  const order = asked.get("order") || natural(sort);
  const page = Math.max(1, Math.trunc(Number(asked.get("page"))) || 1);
  const found = await get(`/bookings?${new URLSearchParams({ ...wanted, sort, order, page, limit: PAGE })}`);
  // What was found has become less since the address was made.
  if (page > found.totalPages && found.totalPages) return bookings(withPage(asked, found.totalPages));
  const look = (change, top) => go({ view: "bookings", ...wanted, ...only(asked, ["sort", "order"]), ...change }, top);
  const sorting = { sort, order, sorts: found.sorts, look };
  const standing = { total: count(found.total), page: count(page), pages: count(found.totalPages) };
  announce(say(found.totalPages > 1 ? "foundPage" : "found", standing));
  return [el("h1", { tabindex: "-1" }, say("bookings")), filters(asked, sorting), downloads(wanted, found.total, sort === "created" && order === "desc"),
    found.items.length ? table(say("bookings"), COLUMNS.map((column) => heading(column, sorting)), found.items.map(row), "rows")
      : el("p", { class: "panel" }, say("nothing")),
    found.totalPages > 1 && pages(found, look)];
}

function withPage(asked, page) {
  const last = new URLSearchParams(asked);
  last.set("page", page);
  return last;
}

function filters(asked, sorting) {
  const value = (name) => asked.get(name) ?? "";
  const status = [["", say("any")], ["confirmed", say("confirmed")], ["cancelled", say("cancelled")]];
  const typedIn = (name, maxlength, attributes = {}) =>
    field(say(name), el("input", { id: name, name, value: value(name), maxlength, autocomplete: "off", ...attributes }));
  const form = el("form", { class: "panel filters", role: "search", onsubmit: (event) => {
    event.preventDefault();
    const given = [...new FormData(form)].map(([name, text]) => [name, text.trim()]);
    go({ view: "bookings", ...Object.fromEntries(given), ...only(asked, ["sort", "order"]) });
  } },
  typedIn("reference", "40", { autocapitalize: "characters", spellcheck: "false" }), typedIn("name", "80"),
  typedIn("email", "254", { inputmode: "email", autocapitalize: "none", spellcheck: "false" }), typedIn("phone", "40", { type: "tel" }),
  field(say("date"), choice("date", [["", say("any")], ...dates.map((date) => [date, day(date)])], value("date"))),
  field(say("country"), choice("country", countryOptions(value("country").toUpperCase()), value("country").toUpperCase())),
  field(say("status"), choice("status", status, value("status"))),
  sorter(sorting),
  el("p", { class: "filters-do" }, el("button", { class: "button button-small", id: "find" }, say("find")),
    button(say("clear"), () => go({ view: "bookings" }), { id: "clear" })));
  return form;
}

// What the address asks for is shown, also where it is the code of no country.
function countryOptions(asked) {
  const known = [["", say("any")], ...countries];
  return known.some(([code]) => code === asked) ? known : [...known, [asked, asked]];
}

// Where rows are cards there are no headings to sort by.
function sorter({ sort, order, sorts, look }) {
  const names = { created: [say("sortNewest"), say("sortOldest")] };
  const options = COLUMNS.filter(([, by]) => sorts.includes(by)).flatMap(([name, by]) => {
    const [down, up] = names[by] ?? [say("sortDown", { column: say(name) }), say("sortUp", { column: say(name) })];
    return by === "created" ? [[`${by} desc`, down], [`${by} asc`, up]] : [[`${by} asc`, up], [`${by} desc`, down]];
  });
  const pick = choice("sorter", options, `${sort} ${order}`);
  pick.removeAttribute("name");
  pick.addEventListener("change", () => {
    const [by, way] = pick.value.split(" ");
    otherwise(() => { pick.value = `${sort} ${order}`; });
    look({ sort: by, order: way });
  });
  const made = field(say("sortBy"), pick);
  made.classList.add("sorter");
  return made;
}

function heading([name, by], { sort, order, sorts, look }) {
  const text = say(name);
  const chosen = by && by === sort;
  const attributes = chosen ? { "aria-sort": order === "asc" ? "ascending" : "descending" } : {};
  if (!by || !sorts.includes(by)) return { text, attributes, content: text };
  const next = chosen ? (order === "asc" ? "desc" : "asc") : natural(by);
  const turn = () => look({ sort: by, order: next });
  return { text, attributes, content: el("button", { type: "button", id: `sort-${by}`, class: "sort", onclick: turn }, text) };
}

function row(item) {
  const open = () => guarded(() => detail(item));
  const name = item.fullName || say("erased");
  const reference = el("button", { type: "button", class: "open reference", id: `booking-${item._id}`, onclick: open,
    "aria-label": say("open", { reference: item.reference, name }) }, item.reference);
  const kind = item.status === "confirmed" ? "good" : "over";
  return {
    // The button is for keys and screen readers; with a mouse, anywhere in the row will do.
    attributes: { onclick: (event) => event.target.closest("button") || getSelection().toString() || open() },
    cells: [reference, typed(name), day(item.date), item.slotLabel, typed(item.email), item.phone, item.country,
      chip(say(item.status), kind), moment(item.createdAt)],
  };
}

function pages({ page, totalPages }, look) {
  const turn = (id, to) => button(say(id), () => look({ page: to }, "found"), { id, disabled: to < 1 || to > totalPages });
  return el("nav", { class: "pages", "aria-label": say("pages") }, turn("previous", page - 1),
    el("span", {}, say("page", { page: count(page), pages: count(totalPages) })), turn("next", page + 1));
}

// The file has an order of its own, which is told where the listing has another.
function downloads(wanted, total, sameOrder) {
  const place = el("p", { class: "downloads" });
  const start = button(total ? say("downloadFound", { total: count(total) }) : say("download"), () => download(wanted, total, place, start), { id: "download", disabled: !total });
  place.append(el("b", { class: "found", id: "found", tabindex: "-1" }, say("found", { total: count(total) })), start,
    ...(total && !sameOrder ? [el("span", { class: "hint" }, say("downloadOrder"))] : []));
  return place;
}
