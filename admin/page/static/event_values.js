// Values of the event editor: what its fields hold, what they mean for the API, and what is wrong with them.
import { zone as siteZone, t } from "./i18n.js";
import { toInstant, toWallTime } from "./zone_time.js";

export const TEXTS = ["title", "description", "venue", "image", "imageAlt", "currency"];
const REQUIRED = ["title", "venue", "currency"];
const TIMES = ["date", "salesEnd"];
const TIER_TEXTS = ["name", "price", "capacity", "closed"];
const MAX_CAPACITY = 1_000_000;
const AMOUNT = /^([0-9]{1,6})(?:[.,]([0-9]{1,4}))?$/;
const PLAIN_TIER = { id: "", code: "", name: "", price: "", capacity: "", closed: false, numbered: false };

// Returns the texts of the fields for an event of the API, or for a new one.
export function valuesOf(event, zone = siteZone) {
  if (!event) return { ...Object.fromEntries(TEXTS.map((name) => [name, ""])), date: "", salesEnd: "", zone, tiers: [PLAIN_TIER] };
  return {
    ...Object.fromEntries(TEXTS.map((name) => [name, event[name]])), zone,
    date: event.date && toWallTime(event.date, zone),
    salesEnd: ownSalesEnd(event) && toWallTime(event.salesEnd, zone),
    tiers: event.tiers.map((tier) => ({ ...tier, capacity: String(tier.capacity) })),
  };
}

// Returns the event that valid fields describe, as the API writes one; `salesEnd` is empty for the default.
export function eventOf(values) {
  const texts = Object.fromEntries(TEXTS.map((name) => [name, values[name].trim()]));
  const currency = texts.currency.toUpperCase();
  const tiers = values.tiers.map((tier) => ({ ...tier, code: tier.code.trim(), name: tier.name.trim(),
    price: amountOf(tier.price, currency) ?? tier.price, capacity: Number(tier.capacity) }));
  const times = TIMES.map((name) => [name, values[name] ? toInstant(values[name], values.zone) : ""]);
  return { ...texts, ...Object.fromEntries(times), currency, tiers };
}

// Returns the body of a request for a new event, and the index of the row of each of its tiers.
export function newEvent(event, status) {
  const { salesEnd, tiers, ...members } = event;
  return { body: { ...members, ...(salesEnd && { salesEnd }), status, tiers: tiers.map(newTier) }, rows: [...tiers.keys()] };
}

// Returns the body with what differs between two events and the rows of its tiers, or null if nothing does.
export function changesOf(event, base) {
  const names = [...TEXTS, ...TIMES].filter((name) => differs(name, event, base));
  const body = Object.fromEntries(names.map((name) => [name, name === "salesEnd" ? event.salesEnd || null : event[name]]));
  const rows = [...event.tiers.keys()].filter((index) => tierChange(event.tiers[index], base));
  if (rows.length) body.tiers = rows.map((index) => tierChange(event.tiers[index], base));
  return Object.keys(body).length ? { body, rows } : null;
}

// Returns the message of each wrong field by its control's id.
export function problemsOf(values) {
  const problems = new Map();
  for (const name of REQUIRED) {
    if (!values[name].trim()) problems.set(`event-${name}`, t(`wrongEvent.${name}`));
  }
  for (const name of TIMES) {
    const problem = timeProblem(name, values);
    if (problem) problems.set(`event-${name}`, problem);
  }
  for (const [index, tier] of values.tiers.entries()) addTierProblems(problems, index, tier, values);
  return problems;
}

// Returns what two editors made of the event `base`: `mine` where I changed it, `theirs` elsewhere. `notes` say by the
// control's id what the other one changed; `describe` returns the text of a member's value.
export function mergeChanges(mine, base, theirs, describe) {
  const merged = { ...theirs };
  const notes = new Map();
  for (const name of [...TEXTS, ...TIMES]) {
    const isMine = differs(name, mine, base);
    if (isMine) merged[name] = mine[name];
    else if (name === "salesEnd") merged.salesEnd = ownSalesEnd(theirs);
    if (differs(name, theirs, base)) addNote(notes, `event-${name}`, isMine && differs(name, mine, theirs), describe(name, theirs[name]));
  }
  merged.tiers = mergeTiers({ mine, base, theirs }, notes, describe);
  return { merged, notes };
}

function mergeTiers({ mine, base, theirs }, notes, describe) {
  const known = theirs.tiers.map((tier, index) => {
    const own = byId(mine, tier.id);
    const before = byId(base, tier.id);
    if (!own || !before) return tier;
    const merged = { ...tier };
    for (const name of TIER_TEXTS) {
      const isMine = own[name] !== before[name];
      if (isMine) merged[name] = own[name];
      if (tier[name] !== before[name]) addNote(notes, `tier-${index}-${name}`, isMine && own[name] !== tier[name], describe(name, tier[name]));
    }
    return merged;
  });
  return [...known, ...mine.tiers.filter((tier) => !tier.id)];
}

function addNote(notes, id, isOverlap, value) {
  notes.set(id, isOverlap ? t("changedTo", { value }) : t("changedByOther"));
}

function differs(name, event, other) {
  if (name === "salesEnd") return !isSameMinute(ownSalesEnd(event), ownSalesEnd(other));
  return name === "date" ? !isSameMinute(event.date, other.date) : event[name] !== other[name];
}

// The fields have no seconds. An empty text is no time.
function isSameMinute(one, other) {
  if (!one || !other) return one === other;
  return Math.floor(Date.parse(one) / 60_000) === Math.floor(Date.parse(other) / 60_000);
}

// Sales end at the date of the event by default.
function ownSalesEnd({ date, salesEnd }) {
  return salesEnd === date ? "" : salesEnd;
}

const byId = (event, id) => event.tiers.find((tier) => tier.id === id);
const newTier = ({ code, name, price, capacity }) => ({ code, name, price, capacity });

function tierChange(tier, base) {
  if (!tier.id) return newTier(tier);
  const before = byId(base, tier.id);
  const names = TIER_TEXTS.filter((name) => tier[name] !== before[name]);
  return names.length ? { id: tier.id, ...Object.fromEntries(names.map((name) => [name, tier[name]])) } : null;
}

function timeProblem(name, values) {
  if (!values[name]) return name === "date" && t("wrongEvent.date");
  return toInstant(values[name], values.zone) === null && t("timeSkipped", { zone: values.zone });
}

function addTierProblems(problems, index, tier, { tiers, currency }) {
  const add = (name, values) => problems.set(`tier-${index}-${name}`, t(`wrongTier.${name}`, values));
  if (!tier.name.trim()) add("name");
  if (!tier.code.trim()) add("code");
  else if (tiers.findIndex((other) => other.code.trim() === tier.code.trim()) < index) {
    problems.set(`tier-${index}-code`, t("codeTwice"));
  }
  if (amountOf(tier.price, currency) === null) add("price", { example: exampleAmount(currency) });
  if (!/^[0-9]{1,7}$/.test(tier.capacity.trim()) || Number(tier.capacity) > MAX_CAPACITY) add("capacity");
}

// Returns an amount with at least the currency's decimals, or null if the text is no amount. The service refuses more.
function amountOf(text, currency) {
  const [, whole, decimals = ""] = AMOUNT.exec(text.trim()) ?? [];
  if (whole === undefined) return null;
  const digits = decimals.padEnd(decimalsOf(currency), "0");
  return String(Number(whole)) + (digits && `.${digits}`);
}

export const exampleAmount = (currency) => amountOf("25", currency);

function decimalsOf(currency) {
  try {
    return new Intl.NumberFormat("en", { style: "currency", currency: currency.trim() }).resolvedOptions().maximumFractionDigits;
  } catch {
    return 2; // The service refuses an unknown currency.
  }
}
