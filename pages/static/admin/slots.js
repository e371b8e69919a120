// The slots of a date: capacity, closing and opening.
import { Refused, get, patch } from "./api.js";
import { button, chip, choice, el, field, table } from "./dom.js";
import { announce, go, guarded, otherwise, redraw, tell } from "./moving.js";
import { count, dates, day, say } from "./words.js";

export async function slots(asked) {
  const date = dates.includes(asked.get("date")) ? asked.get("date") : dates[0];
  const found = await get(`/slots?date=${date}`);
  const pick = choice("date", dates.map((each) => [each, day(each)]), date);
  const title = say("slotsOf", { date: day(date) });
  announce(title);
  const columns = ["hours", "booked", "waiting", "capacity", "state", "closing"].map((name) => say(name));
  const rows = table(title, columns, found.map(row), "places");
  pick.addEventListener("change", () => {
    // Under another date they are not what they seem to be.
    rows.inert = true;
    otherwise(() => {
      rows.inert = false;
      pick.value = date;
    });
    go({ view: "slots", date: pick.value });
  });
  return [el("h1", { tabindex: "-1" }, say("slots")), el("div", { class: "panel filters" }, field(say("date"), pick)), rows];
}

function row(slot) {
  const hours = slot.label;
  const at = { hours, date: day(slot.date) };
  // A refusal names the slot, and what it is not given is not shown of it.
  const refuse = (error) => {
    capacity.value = slot.capacity;
    if (error instanceof Refused && error.status !== 401) error.message = `${hours}: ${error.message}`;
    throw error;
  };
  const change = (values, done) => (event) => {
    event.preventDefault();
    guarded(async () => {
      await patch(`/slots/${slot._id}`, values()).catch(refuse);
      await redraw();
      tell(done);
    }, event.submitter ?? event.currentTarget);
  };
  const capacity = el("input", { type: "number", min: "0", required: true, value: slot.capacity, id: `capacity-${slot._id}`,
    "aria-label": say("capacityOf", { hours }) });
  const saving = el("form", { class: "capacity", onsubmit: change(() => ({ capacity: Number(capacity.value) }), say("capacitySaved", at)) },
    capacity, el("button", { class: "button button-second button-small", id: `save-${slot._id}`, "aria-label": say("saveOf", { hours }) }, say("save")));
  const [verb, told] = slot.closed ? ["reopen", "nowOpen"] : ["close", "nowClosed"];
  const turning = button(say(verb), change(() => ({ closed: !slot.closed }), say(told, at)),
    { id: `close-${slot._id}`, "aria-label": say(`${verb}Of`, { hours }) });
  return { cells: [hours, count(slot.bookedCount), count(slot.waiting), saving, standing(slot), turning] };
}

function standing(slot) {
  if (slot.closed) return chip(say("slotClosed"), "over");
  return slot.isFull ? chip(say("slotFull"), "wait") : chip(say("slotOpen"), "good");
}
