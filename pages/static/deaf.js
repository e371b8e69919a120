// Keeps the second tap of a double one from pressing what has just come to lie under the finger.

// Longer than the taps of a double one are apart; shorter than it takes to read a question.
const WHILE = 700;
const held = new Map();

addEventListener("click", swallow, { capture: true });

// Lets no pointer press anything within `element` for a moment. Keys may: their focus went where it was put.
export function hold(element, milliseconds = WHILE) {
  clearTimeout(held.get(element));
  held.set(element, setTimeout(() => free(element), milliseconds));
  element.setAttribute("aria-disabled", "true");
}

// Ends it early.
export function free(element) {
  if (!held.has(element)) return;
  clearTimeout(held.get(element));
  held.delete(element);
  element.removeAttribute("aria-disabled");
}

function swallow(event) {
  // A click by keys, or by a script, has no count.
  if (!event.detail || ![...held.keys()].some((element) => element.contains(event.target))) return;
  event.preventDefault();
  event.stopPropagation();
}
