// Tap guard: ignores pointer clicks on an element that has just appeared under the finger.

// Longer than the gap between the taps of a double tap, and shorter than the time to read a question.
const SUPPRESS_MS = 700;
const timers = new Map();

addEventListener("click", blockSuppressed, { capture: true });

// Ignores pointer clicks inside `element` for some time. The keyboard still works, as its focus did not move by itself,
// and screen readers find the element as usable as it is.
export function suppress(element, milliseconds = SUPPRESS_MS) {
  clearTimeout(timers.get(element));
  timers.set(element, setTimeout(() => release(element), milliseconds));
  element.style.pointerEvents = "none";
}

// Ends the suppression early.
export function release(element) {
  if (!timers.has(element)) return;
  clearTimeout(timers.get(element));
  timers.delete(element);
  element.style.pointerEvents = "";
}

function blockSuppressed(event) {
  // The detail of a click is 0 if the keyboard or a script made it.
  if (!event.detail || ![...timers.keys()].some((element) => element.contains(event.target))) return;
  event.preventDefault();
  event.stopPropagation();
}
