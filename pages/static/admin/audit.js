// What the back office did, newest first.
import { get } from "./api.js";
import { detail } from "./booking.js";
import { button, el, table } from "./dom.js";
import { announce, go, guarded, tell } from "./moving.js";
import { count, day, moment, named, say } from "./words.js";

const COLUMNS = ["when", "who", "what", "about", "before", "after"];
const PART = 50;

export async function audit(asked) {
  const after = asked.get("after");
  const { items, next } = await get(`/audit?${new URLSearchParams({ limit: PART, ...(after && { after }) })}`);
  const values = (given) => Object.entries(given).map(([name, value]) => `${named(`change.${name}`, name)}: ${valued(value)}`).join(", ") || say("none");
  const rows = items.map((entry) => ({ cells: [moment(entry.at), entry.who, named(`done.${entry.what}`, entry.what),
    about(entry), values(entry.before), values(entry.after)] }));
  announce(say("audit"));
  return [el("h1", { id: "audit", tabindex: "-1" }, say("audit")),
    rows.length ? table(say("audit"), COLUMNS.map((name) => say(name)), rows) : el("p", { class: "panel" }, say("noAudit")),
    next && el("p", { class: "pages" }, button(say("older"), () => go({ view: "audit", after: next }, "audit"), { id: "older" }))];
}

// A booking by its reference, a slot by when it is; each leads to where it is looked at.
function about({ _id, about: id, booking, slot }) {
  if (booking) {
    const open = () => guarded(async () => {
      const [item] = (await get(`/bookings?reference=${booking.reference}`)).items;
      if (item) await detail(item, `about-${_id}`);
      else tell(say("problem.booking_not_found"), true);
    });
    return el("button", { type: "button", class: "open", id: `about-${_id}`, onclick: open, "aria-label": say("booking", booking) }, booking.reference);
  }
  if (!slot) return el("span", { class: "code break" }, id);
  const look = (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    go({ view: "slots", date: slot.date });
  };
  return el("a", { href: `?view=slots&date=${slot.date}`, onclick: look }, `${day(slot.date)}, ${slot.label}`);
}

function valued(value) {
  if (typeof value === "boolean") return say(value ? "yes" : "no");
  return typeof value === "number" ? count(value) : named(`letter.${value}`, named(value, value));
}
