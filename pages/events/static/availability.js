// Availability: writes what is left into a badge, a bar and a count, in the language of the page.
const { lang } = document.documentElement;
const numbers = new Intl.NumberFormat(lang);
const plurals = new Intl.PluralRules(lang);

// The same limits as the server's: over a half, a tenth or more, less, none.
function levelOf(remaining, capacity) {
  if (remaining === 0) return "none";
  if (remaining * 10 < capacity) return "few";
  return remaining * 2 <= capacity ? "some" : "many";
}

function levelClass(element) {
  return [...element.classList].find((name) => name.startsWith("left-"));
}

// Shows `remaining` in an element of the class left; one of an event that is not on sale stays as it is.
export function showRemaining(element, remaining, messages) {
  if ("ended" in element.dataset || Number(element.dataset.remaining) === remaining) return;
  const capacity = Number(element.dataset.capacity);
  const level = levelOf(remaining, capacity);
  element.dataset.remaining = remaining;
  element.classList.replace(levelClass(element), `left-${level}`);
  element.querySelector(".badge").textContent = messages.levels[level];
  element.querySelector(".left-fill").setAttribute("width", Math.ceil((100 * remaining) / Math.max(1, capacity)));
  element.querySelector(".left-count").textContent = messages.left
    .replace("{number}", numbers.format(remaining)).replace("{total}", numbers.format(capacity));
}

// Returns a number of tickets in words.
export function countText(messages, count) {
  return pluralText(messages.tickets, count);
}

// Returns the one of `texts`, by plural form, for a number.
export function pluralText(texts, count) {
  const text = texts[plurals.select(count)] ?? texts.other;
  return text.replace("{number}", numbers.format(count));
}
