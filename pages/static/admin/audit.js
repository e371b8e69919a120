// What the back office did, newest first.
import { get } from "./api.js";
import { button, el, table } from "./dom.js";
import { announce, go } from "./moving.js";
import { count, moment, named, say } from "./words.js";

const COLUMNS = ["when", "who", "what", "about", "before", "after"];
const PART = 50;

export async function audit(asked) {
  const after = asked.get("after");
  const { items, next } = await get(`/audit?${new URLSearchParams({ limit: PART, ...(after && { after }) })}`);
  const values = (given) => Object.entries(given).map(([name, value]) => `${named(`change.${name}`, name)}: ${valued(value)}`).join(", ") || say("none");
  const rows = items.map((entry) => ({ cells: [moment(entry.at), entry.who, named(`done.${entry.what}`, entry.what),
    el("span", { class: "code break" }, entry.about), values(entry.before), values(entry.after)] }));
  announce(say("audit"));
  return [el("h1", { tabindex: "-1" }, say("audit")),
    rows.length ? table(say("audit"), COLUMNS.map((name) => say(name)), rows) : el("p", { class: "panel" }, say("noAudit")),
    next && el("p", { class: "pages" }, button(say("older"), () => go({ view: "audit", after: next }), { id: "older" }))];
}

function valued(value) {
  if (typeof value === "boolean") return say(value ? "yes" : "no");
  return typeof value === "number" ? count(value) : named(`letter.${value}`, named(value, value));
}
