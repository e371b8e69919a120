// Editor of an event: creates one, or changes the version that was loaded; never overwrites another editor's changes.
import { get, patch, post } from "./api.js";
import { el } from "./dom.js";
import { eventForm, fillForm, readForm, showMessages } from "./event_form.js";
import { backLink } from "./event_page.js";
import { changesOf, eventOf, exampleAmount, mergeChanges, newEvent, problemsOf, valuesOf } from "./event_values.js";
import { formatDateTime, formatNumber, label, t } from "./i18n.js";
import { viewLink } from "./links.js";
import { announce, attempt, navigate, notify } from "./router.js";
import { guardInput } from "./unsaved.js";

export async function editorView(id) {
  const event = id && await get(`/events/${encodeURIComponent(id)}`);
  const title = event ? t("eventEdit") : t("eventNew");
  const leave = { view: "events", ...(event && { event: event.id }) };
  const form = eventForm(event, [el("button", { class: "button button-small", id: "event-save" }, t("save")),
    viewLink(leave, t("editorLeave"), { id: "editor-leave", class: "button button-secondary button-small" })]);
  let base = event;
  const loaded = JSON.stringify(readForm(form));
  guardInput(() => form.isConnected && JSON.stringify(readForm(form)) !== loaded);
  form.addEventListener("submit", (submission) => {
    submission.preventDefault();
    attempt(async () => { base = await save(form, base); }, submission.submitter);
  });
  announce(title);
  return [backLink(), el("h1", { tabindex: "-1" }, title), form];
}

// Saves what was typed. Returns the version that the next attempt changes.
async function save(form, base) {
  const values = readForm(form);
  const problems = problemsOf(values);
  if (problems.size) return refuse(form, problems, base);
  const event = eventOf(values);
  const request = base ? changesOf(event, base) : newEvent(event, values.status);
  showMessages(form, new Map());
  if (!request) return report(t("eventUnchanged"), base);
  try {
    const saved = await (base ? patch(`/events/${base.id}`, request.body, base.version) : post("/events", request.body));
    guardInput(() => false);
    await navigate({ view: "events", event: saved.id });
    notify(base ? t("eventSaved") : t("eventCreated"));
    return saved;
  } catch (error) {
    return handleRefusal(error, { form, values, event, base, rows: request.rows });
  }
}

// What was typed stays in the form, whatever the reason is.
async function handleRefusal(error, attempted) {
  const { form, base, values } = attempted;
  if (error.isUnknown) return report(error.message, base);
  if (error.fields) return refuse(form, fieldProblems(error.fields, attempted), base);
  if (error.status === 412) return merge(attempted);
  if (error.code === "capacity_below_booked") return refuse(form, await capacityProblems(base, values), base);
  if (error.code === "event_has_sales") return refuse(form, new Map([["event-currency", error.message]]), base);
  throw error;
}

function report(text, base) {
  notify(text, true);
  return base;
}

function refuse(form, problems, base, text = t("eventCheck")) {
  showMessages(form, problems);
  return report(text, base);
}

// Returns the messages for the members that the service refuses; those of tiers are by their position in the request.
function fieldProblems(fields, { values, rows }) {
  const problems = new Map();
  for (const [name, reasons] of Object.entries(fields)) {
    if (name !== "tiers") problems.set(`event-${name}`, label(`wrongEvent.${name}`, reasons[0]));
    else for (const reason of reasons) addTierProblem(problems, reason, values, rows);
  }
  return problems;
}

function addTierProblem(problems, reason, values, rows) {
  const [, position, name] = /^(\d+)\.(\w+):/.exec(reason) ?? [];
  const row = rows[position] ?? 0;
  const example = /such as ([0-9.]+)/.exec(reason)?.[1].replace(/\.$/, "") ?? exampleAmount(values.currency);
  const isKnown = position && label(`wrongTier.${name}`);
  problems.set(`tier-${row}-${isKnown ? name : "name"}`, isKnown ? t(`wrongTier.${name}`, { example }) : t("wrongEvent.tiers"));
}

// Returns the messages for the tiers of which more is taken, now, than their wanted capacity.
async function capacityProblems(base, values) {
  const current = await get(`/events/${base.id}`);
  const problems = new Map();
  for (const [index, tier] of values.tiers.entries()) {
    const taken = current.tiers.find(({ id }) => id === tier.id)?.taken ?? 0;
    if (Number(tier.capacity) < taken) problems.set(`tier-${index}-capacity`, t("capacityTaken", { count: formatNumber(taken) }));
  }
  return problems;
}

// Shows the other editor's changes beside mine; the next attempt changes the version that has them.
async function merge({ form, values, event, base }) {
  const current = await get(`/events/${base.id}`);
  const { merged, notes } = mergeChanges(event, base, current, describe);
  fillForm(form, valuesOf(merged, values.zone));
  showMessages(form, notes, "field-note");
  return report(current.status === "cancelled" ? t("problem.event_cancelled") : t("problem.changed_meanwhile"), current);
}

function describe(name, value) {
  if (name === "date" || name === "salesEnd") return formatDateTime(value);
  if (name === "closed") return value ? t("yes") : t("no");
  return String(value || t("none"));
}
