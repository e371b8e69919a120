// What the page knows from the start: its words, the event's dates and zone.
const known = JSON.parse(document.querySelector("#known").textContent);
// English here is written as the letters write it: the day before the month, hours up to 24.
const language = document.documentElement.lang.replace(/^en$/, "en-GB");
const moments = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short", timeZone: known.zone });
const days = new Intl.DateTimeFormat(language, { weekday: "short", day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
const numbers = new Intl.NumberFormat(language);
const amounts = ["kilobyte", "megabyte"].map((unit) => new Intl.NumberFormat(language, { style: "unit", unit, maximumFractionDigits: 1 }));
const plurals = new Intl.PluralRules(language);

export const dates = known.dates;
export const countries = known.countries;
export const spoken = document.documentElement.lang;

// A word with `values` put into it; of one that is counted, the form for `number`.
export function say(key, values = {}, number = 0) {
  const word = known.words[key];
  return (word[plurals.select(number)] ?? word.other ?? word).replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

// A text of people within a sentence, whichever way it is written.
export const apart = (text) => `\u2068${text}\u2069`;

// A word for what the service names; new names are shown as they are.
export const named = (key, otherwise) => known.words[key] ?? otherwise;
export const count = (number) => numbers.format(number);
// Bytes in a unit in which they are no nought; decimal ones, as browsers and disks count.
export const size = (bytes) =>
  (bytes < 1e6 ? amounts[0].format(Math.max(0.1, bytes / 1e3)) : amounts[1].format(bytes / 1e6)).replace(" ", "\u00a0");
export const moment = (iso) => (iso ? moments.format(new Date(iso)) : say("none"));
export const day = (date) => days.format(new Date(`${date}T00:00Z`));
