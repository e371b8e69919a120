// Letters by state, and trying again those that were given up.
import { get, post } from "./api.js";
import { button, chip, choice, el, field, table, typed } from "./dom.js";
import { announce, draw, go, guarded, keepFocus, otherwise, tell } from "./moving.js";
import { count, day, moment, named, say } from "./words.js";

const STATES = ["dead", "retrying", "queued", "sending", "sent"];
const COLUMNS = ["letter", "to", "state", "tries", "trouble", "when", "action"];
const PART = 50;
const KINDS = { sent: "good", delivered: "good", dead: "stop", bounced: "stop", complained: "stop", retrying: "wait" };

export async function letters(asked) {
  const chosen = asked.get("state") === "any" || STATES.includes(asked.get("state")) ? asked.get("state") : "dead";
  const after = asked.get("after");
  const { items, next } = await get(`/letters?${new URLSearchParams({ state: chosen === "any" ? "" : chosen, limit: PART, ...(after && { after }) })}`);
  const pick = choice("state", [["any", say("any")], ...STATES.map((state) => [state, say(state)])], chosen);
  pick.addEventListener("change", () => {
    otherwise(() => { pick.value = chosen; });
    go({ view: "letters", state: pick.value });
  });
  announce(`${say("letters")}: ${count(items.length)}`);
  return [el("h1", { id: "letters", tabindex: "-1" }, say("letters")), el("div", { class: "panel filters" }, field(say("state"), pick)),
    items.length ? letterTable(items, draw) : el("p", { class: "panel" }, say("noLetters")),
    next && el("p", { class: "pages" }, button(say("older"), () => go({ view: "letters", state: chosen, after: next }, "letters"), { id: "older" }))];
}

// Letters as a table; `again` draws anew what it stands in.
export function letterTable(items, again) {
  return table(say("letters"), COLUMNS.map((name) => say(name)), items.map((letter) => row(letter, again)));
}

function row(letter, again) {
  const moved = letter.template === "guest_rescheduled" && letter.date;
  const name = moved ? say("movedTo", { date: day(letter.date), hours: letter.slotLabel }) : named(`letter.${letter.template}`, letter.template);
  const shown = letter.delivery ?? letter.state;
  const id = `retry-${letter._id}`;
  const retry = (event) => guarded(async () => {
    await post(`/letters/${letter._id}/retry`);
    await again();
    keepFocus(id);
    tell(say("retried"));
  }, event.currentTarget);
  return { cells: [name, typed(letter.to), chip(named(shown, shown), KINDS[shown] ?? "over"), count(letter.attempts),
    letter.lastError ? typed(letter.lastError) : say("none"), moment(letter.sentAt ?? letter.createdAt),
    letter.state === "dead" ? button(say("retry"), retry, { id, "aria-label": say("retryOf", { letter: name, to: letter.to }) }) : say("none")] };
}
