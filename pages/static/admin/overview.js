// The overview: sums, and plots with the tables they are drawn from.
import { get } from "./api.js";
import { el, scrolling } from "./dom.js";
import { announce, draw, guarded, viewAsked } from "./moving.js";
import { count, say } from "./words.js";

const SETTLED_MILLISECONDS = 250;
const SVG = "http://www.w3.org/2000/svg";
// What is beside a plot: the panel's edge and padding.
const AROUND = 34;
let widthDrawn = 0;
let settling = 0;

export async function overview() {
  const room = document.querySelector("#view").clientWidth;
  widthDrawn = room;
  const [sums, plots] = await Promise.all([get("/stats"), get(`/plots?width=${Math.max(1, room - AROUND)}`)]);
  const { queued, sending, retrying, dead } = sums.letters;
  const card = (name, number, kind = "") => el("p", { class: `panel sum ${kind}` }, el("strong", {}, count(number)), say(name));
  announce(plots.items.map((plot) => plot.summary).join(" "));
  return [el("h1", { tabindex: "-1" }, say("overview")),
    el("div", { class: "sums" }, card("seats", sums.seats), card("seatsBooked", sums.booked), card("seatsFree", sums.remaining),
      card("lettersOpen", queued + sending + retrying), card("lettersDead", dead, dead ? "sum-bad" : "")),
    ...plots.items.map(figure)];
}

function figure(plot) {
  return el("figure", { class: "panel plot" }, el("figcaption", {}, el("h2", {}, plot.title), el("p", { class: "soft" }, plot.summary)),
    picture(plot.svg),
    el("details", { id: `table-${plot.name}` }, el("summary", {}, say("asTable")), scrolling(plot.title, el("table", { class: "figures" },
      el("caption", { class: "vh" }, plot.title),
      el("thead", {}, el("tr", {}, plot.columns.map((column) => el("th", { scope: "col" }, column)))),
      el("tbody", {}, plot.rows.map(([head, ...cells]) =>
        el("tr", {}, el("th", { scope: "row" }, head), cells.map((cell) => el("td", {}, cell)))))))));
}

// Drawn by the service; parsed as XML, and taken over as the elements it is made of, never as text.
function picture(text) {
  const parsed = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
  return parsed.namespaceURI === SVG && parsed.localName === "svg" ? document.importNode(parsed, true) : el("p");
}

addEventListener("resize", () => {
  clearTimeout(settling);
  settling = setTimeout(() => {
    const shown = document.querySelector(".plot") && viewAsked() === "overview";
    if (shown && document.querySelector("#view").clientWidth !== widthDrawn) guarded(draw);
  }, SETTLED_MILLISECONDS);
});
