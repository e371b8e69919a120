// Wall-clock times of a time zone, as fields of date and time write them, and instants; by the browser's zone data.
const DAY_MS = 86_400_000;
const PARTS = { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23" };

// Returns an instant, in ISO 8601 or in milliseconds, as a wall-clock time such as 2026-03-05T19:00.
export function toWallTime(instant, zone) {
  const format = new Intl.DateTimeFormat("en", { ...PARTS, timeZone: zone });
  const parts = Object.fromEntries(format.formatToParts(new Date(instant)).map(({ type, value }) => [type, value]));
  return `${parts.year.padStart(4, "0")}-${parts.month}-${parts.day}T${parts.hour}:${parts.minute}`;
}

// Returns the instant of a wall-clock time in ISO 8601, the first one if the clocks repeat it, and null if they skip it.
export function toInstant(wallTime, zone) {
  const asUtc = Date.parse(`${wallTime}Z`);
  if (Number.isNaN(asUtc)) return null;
  const offsetAt = (moment) => Date.parse(`${toWallTime(moment, zone)}Z`) - Math.floor(moment / 60_000) * 60_000;
  const candidates = [asUtc - DAY_MS, asUtc + DAY_MS].map((moment) => asUtc - offsetAt(moment));
  const found = candidates.find((moment) => toWallTime(moment, zone) === wallTime);
  return found === undefined ? null : new Date(found).toISOString();
}
