// Dashboard view: totals, and charts with their data as tables.
import { get } from "./api.js";
import { el, field, scrollable, select } from "./dom.js";
import { formatMonth, formatNumber, months, t } from "./i18n.js";
import { announce, attempt, currentView, navigate, onNavigationFailed, render } from "./router.js";

const RESIZE_DEBOUNCE_MS = 250;
const SVG_NAMESPACE = "http://www.w3.org/2000/svg";
// Width of the panel's borders and padding in pixels.
const PANEL_FRAME = 34;
let renderedWidth = 0;
let resizeTimer = 0;

export async function dashboardView(params) {
  const width = viewWidth();
  const asked = months.includes(params.get("month")) && { month: params.get("month") };
  renderedWidth = width;
  const chartWidth = Math.max(1, width - PANEL_FRAME);
  const [stats, charts] = await Promise.all([get("/stats"), get(`/plots?${new URLSearchParams({ width: chartWidth, ...asked })}`)]);
  announce(charts.items.map((chart) => chart.summary).join(" "));
  return [el("h1", { tabindex: "-1" }, t("overview")), totals(stats), months.length > 1 && monthFilter(charts.month),
    ...charts.items.map(figure)];
}

function monthFilter(month) {
  const control = select("month", months.map((each) => [each, formatMonth(each)]), month);
  control.addEventListener("change", () => {
    onNavigationFailed(() => { control.value = month; });
    navigate({ view: "overview", month: control.value });
  });
  return el("div", { class: "panel filters month-filter" }, field(t("occupancyMonth"), control));
}

function viewWidth() {
  return document.querySelector("#view").clientWidth;
}

function totals({ seats, booked, remaining, letters }) {
  const { queued, sending, retrying, dead } = letters;
  return el("div", { class: "totals" }, total("seats", seats), total("seatsBooked", booked), total("seatsFree", remaining),
    total("lettersOpen", queued + sending + retrying), total("lettersDead", dead, dead ? "total-alert" : ""));
}

function total(name, number, className = "") {
  return el("p", { class: `panel total ${className}` }, el("strong", {}, formatNumber(number)), t(name));
}

function figure(chart) {
  return el("figure", { class: "panel plot" },
    el("figcaption", {}, el("h2", {}, chart.title), el("p", { class: "muted" }, chart.summary)),
    svgImage(chart.svg),
    el("details", { id: `table-${chart.name}` }, el("summary", {}, t("asTable")), scrollable(chart.title, dataTable(chart))));
}

function dataTable({ title, columns, rows }) {
  const heading = (scope, text) => el("th", { scope }, text);
  return el("table", { class: "data-table" },
    el("caption", { class: "visually-hidden" }, title),
    el("thead", {}, el("tr", {}, columns.map((column) => heading("col", column)))),
    el("tbody", {}, rows.map(([first, ...others]) =>
      el("tr", {}, heading("row", first), others.map((cell) => el("td", {}, cell))))));
}

// Parses the service's SVG as XML and imports its elements. Anything that is no SVG becomes an empty paragraph.
function svgImage(text) {
  const root = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
  return root.namespaceURI === SVG_NAMESPACE && root.localName === "svg" ? document.importNode(root, true) : el("p");
}

// The service draws the charts for one width, so another width needs new ones.
addEventListener("resize", () => {
  clearTimeout(resizeTimer);
  resizeTimer = setTimeout(() => {
    const isShown = document.querySelector(".plot") && currentView() === "overview";
    if (isShown && viewWidth() !== renderedWidth) attempt(render);
  }, RESIZE_DEBOUNCE_MS);
});
