// Events view: the list of events; by parameters of the address, one event or its editor.
import { get } from "./api.js";
import { el, field, select, table, userText } from "./dom.js";
import { editorView } from "./event_editor.js";
import { eventPage } from "./event_page.js";
import { eventChip, leftOf, STATUSES } from "./event_status.js";
import { formatDateTime, formatNumber, t } from "./i18n.js";
import { viewLink } from "./links.js";
import { pageOf, pagination } from "./pagination.js";
import { announce, navigate, onNavigationFailed } from "./router.js";

const COLUMNS = ["event", "date", "state", "tickets"];
const PAGE_SIZE = 25;

export function eventsView(params) {
  const id = params.get("event");
  if (id === "new") return editorView(null);
  if (id && params.has("edit")) return editorView(id);
  return id ? eventPage(id, params) : eventList(params, pageOf(params));
}

async function eventList(params, page) {
  const search = params.get("search") ?? "";
  const status = STATUSES.includes(params.get("status")) ? params.get("status") : "";
  const found = await get(`/events?${new URLSearchParams({ status, search, page, limit: PAGE_SIZE })}`);
  // The list may have become shorter since the address was made.
  if (page > found.totalPages && found.totalPages) return eventList(params, found.totalPages);
  const count = t("eventsFound", { total: formatNumber(found.total) });
  const change = (changes, focusId) => navigate({ view: "events", search, status, ...changes }, focusId);
  announce(count);
  return [el("h1", { tabindex: "-1" }, t("events")), filterForm(search, status),
    el("p", { class: "downloads" }, el("b", { class: "result-count", id: "result-count", tabindex: "-1" }, count),
      viewLink({ view: "events", event: "new" }, t("eventNew"), { class: "button button-small", id: "event-new" })),
    found.items.length ? table(t("events"), COLUMNS.map((name) => t(name)), found.items.map(row), "events-table")
      : el("p", { class: "panel" }, t("eventsNone")),
    found.totalPages > 1 && pagination(found, change)];
}

function filterForm(search, status) {
  const submit = (event) => {
    event.preventDefault();
    navigate({ view: "events", search: event.currentTarget.elements.search.value.trim(), status });
  };
  const statuses = select("status", [["", t("any")], ...STATUSES.map((name) => [name, t(`event.${name}`)])], status);
  statuses.addEventListener("change", () => {
    onNavigationFailed(() => { statuses.value = status; });
    navigate({ view: "events", search, status: statuses.value });
  });
  const input = el("input", { id: "search", name: "search", type: "search", maxlength: "200", value: search,
    placeholder: t("eventsHint"), autocomplete: "off", spellcheck: "false" });
  return el("form", { class: "panel filters", role: "search", onsubmit: submit }, field(t("q"), input),
    field(t("state"), statuses),
    el("p", { class: "filter-actions" }, el("button", { class: "button button-small", id: "find" }, t("find"))));
}

function row(event) {
  const title = viewLink({ view: "events", event: event.id }, userText(event.title), { id: `event-${event.id}` });
  return { cells: [[title, el("span", { class: "muted sub" }, userText(event.venue))], formatDateTime(event.date),
    eventChip(event), el("ul", { class: "tier-list" }, event.tiers.map((tier) => tierItem(event, tier)))] };
}

function tierItem(event, tier) {
  const counts = { sold: tier.taken - tier.held, held: tier.held, left: leftOf(event, tier) };
  const texts = Object.entries(counts).map(([name, count]) => [name, formatNumber(count)]);
  return el("li", {}, el("b", {}, userText(tier.name)), " ", t("tierCounts", Object.fromEntries(texts)));
}
