// The notices at the foot of the screen: the newest two, each of which can be closed, by keys too.
const MOST = 2;
// What holds at the moment, also when its notice was closed: it is not told again before it has ended.
const holding = new Set();
let before;

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-close]");
  if (button) close(button.closest(".note"));
});
document.addEventListener("keydown", (event) => {
  const [newest] = shown();
  if (event.key === "Escape" && newest && !event.defaultPrevented) close(newest);
});
document.addEventListener("focusin", (event) => {
  if (!event.target.closest(".note")) before = event.target;
});

// Tells, once, of something that begins to hold, and takes it back when it has ended.
export function note(name, holds) {
  if (holding.has(name) === holds) return;
  holding[holds ? "add" : "delete"](name);
  if (holds) tell(name);
  else hush(name);
}

// Shows a notice above the others, where it moves none of them.
export function tell(name) {
  const notice = find(name);
  if (!notice) return;
  const hadFocus = notice.contains(document.activeElement);
  const fresh = anew(notice);
  fresh.hidden = false;
  fresh.parentElement.prepend(fresh);
  if (hadFocus) fresh.querySelector("[data-close]").focus({ preventScroll: true });
  shown().slice(MOST).forEach(hide);
}

export function hush(name) {
  const notice = find(name);
  if (notice && !notice.hidden) hide(notice);
}

function find(name) {
  return document.querySelector(`.note[data-note="${name}"]`);
}

// The notices that are shown, the newest first.
function shown() {
  return [...document.querySelectorAll(".note:not([hidden])")];
}

// Those above it come down: copies appear there, nothing moves.
function hide(notice) {
  const above = shown().slice(0, shown().indexOf(notice));
  notice.hidden = true;
  above.filter((other) => !other.contains(document.activeElement)).forEach(anew);
}

function close(notice) {
  const hadFocus = notice.contains(document.activeElement);
  hide(notice);
  if (!hadFocus) return;
  const next = shown()[0]?.querySelector("[data-close]") ?? before;
  next?.focus({ preventScroll: true });
}

// Returns a copy in the place of `element`: what is told anew appears, it does not move.
function anew(element) {
  const copy = element.cloneNode(true);
  element.replaceWith(copy);
  return copy;
}
