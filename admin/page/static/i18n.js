// Translations and locale formats, from the messages and the event's dates that the page contains.
const pageData = JSON.parse(document.querySelector("#page-data").textContent);
export const language = document.documentElement.lang;
// en-GB has the day before the month and hours up to 24, as the e-mails have.
const locale = language.replace(/^en$/, "en-GB");
const dateTimes = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short", timeZone: pageData.zone });
const days = new Intl.DateTimeFormat(locale, {
  weekday: "short", day: "numeric", month: "short", year: "numeric", timeZone: "UTC",
});
const monthNames = new Intl.DateTimeFormat(locale, { month: "long", year: "numeric", timeZone: "UTC" });
const numbers = new Intl.NumberFormat(locale);
const [kilobytes, megabytes] = ["kilobyte", "megabyte"].map(
  (unit) => new Intl.NumberFormat(locale, { style: "unit", unit, maximumFractionDigits: 1 }),
);
const plurals = new Intl.PluralRules(locale);

export const zone = pageData.zone;
export const dates = pageData.dates;
export const months = [...new Set(dates.map((date) => date.slice(0, 7)))];
export const hasParties = pageData.hasParties;
export const countries = pageData.countries;

// Returns the message for `key` with `values` filled in; of a message with plural forms, the form for `number`.
export function t(key, values = {}, number = 0) {
  const message = pageData.messages[key];
  const form = message[plurals.select(number)] ?? message.other ?? message;
  return form.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

// Isolates text of unknown direction within a sentence (Unicode FSI and PDI).
export const isolate = (text) => `\u2068${text}\u2069`;

// Returns the label for an identifier of the API, or `fallback` if this page does not know it.
export const label = (key, fallback) => pageData.messages[key] ?? fallback;
export const formatNumber = (number) => numbers.format(number);

// Formats bytes in decimal units, as browsers do; at least 0.1 kB. A no-break space joins number and unit.
export function formatBytes(bytes) {
  const text = bytes < 1e6 ? kilobytes.format(Math.max(0.1, bytes / 1e3)) : megabytes.format(bytes / 1e6);
  return text.replace(" ", "\u00a0");
}

export const formatDateTime = (iso) => (iso ? dateTimes.format(new Date(iso)) : t("none"));
export const formatMonth = (month) => monthNames.format(new Date(`${month}-01T00:00Z`));
export const formatDate = (date) => days.format(new Date(`${date}T00:00Z`));
