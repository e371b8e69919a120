// Toasts: notices at the foot of the screen. The newest two are visible; mouse and keyboard can close them.
const MAX_VISIBLE = 2;
// Conditions that are true now. A closed toast is not shown again before its condition has ended.
const activeConditions = new Set();
let lastFocused;

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-close]");
  if (button) close(button.closest(".toast"));
});
document.addEventListener("keydown", (event) => {
  const [newest] = visibleToasts();
  if (event.key === "Escape" && newest && !event.defaultPrevented) close(newest);
});
document.addEventListener("focusin", (event) => {
  if (!event.target.closest(".toast")) lastFocused = event.target;
});

// Shows a toast once when its condition becomes true, and dismisses it when the condition ends.
export function setToast(name, isActive) {
  if (activeConditions.has(name) === isActive) return;
  if (isActive) {
    activeConditions.add(name);
    show(name);
  } else {
    activeConditions.delete(name);
    dismiss(name);
  }
}

// Shows a toast above the others, without moving them.
export function show(name) {
  const toast = find(name);
  if (!toast) return;
  const hadFocus = toast.contains(document.activeElement);
  const copy = replaceWithCopy(toast);
  copy.hidden = false;
  copy.parentElement.prepend(copy);
  if (hadFocus) copy.querySelector("[data-close]").focus({ preventScroll: true });
  visibleToasts().slice(MAX_VISIBLE).forEach(hide);
}

export function dismiss(name) {
  const toast = find(name);
  if (toast && !toast.hidden) hide(toast);
}

function find(name) {
  return document.querySelector(`.toast[data-toast="${name}"]`);
}

// Returns the visible toasts, newest first.
function visibleToasts() {
  return [...document.querySelectorAll(".toast:not([hidden])")];
}

// Hides a toast. The toasts above it appear one place lower as copies, so that no layout shift happens.
function hide(toast) {
  const above = visibleToasts().slice(0, visibleToasts().indexOf(toast));
  toast.hidden = true;
  above.filter((other) => !other.contains(document.activeElement)).forEach(replaceWithCopy);
}

function close(toast) {
  const hadFocus = toast.contains(document.activeElement);
  hide(toast);
  if (!hadFocus) return;
  const next = visibleToasts()[0]?.querySelector("[data-close]") ?? lastFocused;
  next?.focus({ preventScroll: true });
}

// Replaces `element` by a copy and returns it: a new element appears, where an old one would shift.
function replaceWithCopy(element) {
  const copy = element.cloneNode(true);
  element.replaceWith(copy);
  return copy;
}
