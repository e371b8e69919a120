// Moving about: what is looked at stands in the address, and focus stays where it was.
import { Left, Refused } from "./api.js";
import { say } from "./words.js";

const view = document.querySelector("#view");
const notice = document.querySelector("#notice");
let draws = {};
let drawn = 0;
// The address of what is drawn, and what makes up for a choice of what cannot be.
let shown;
let undo;

export const setViews = (views) => { draws = views; };
export const asked = () => new URLSearchParams(location.search);
export const viewAsked = () => (Object.hasOwn(draws, asked().get("view") ?? "") ? asked().get("view") : "bookings");

export function tell(text, bad = false) {
  notice.textContent = text;
  notice.classList.toggle("bad", bad);
}

// For those who do not see what has changed.
export const announce = (text) => { document.querySelector("#said").textContent = text; };

// Do `work` and tell what was refused; `control` does nothing else meanwhile. Returns whether it was done.
export async function guarded(work, control) {
  if (control?.getAttribute("aria-disabled")) return false;
  control?.setAttribute("aria-disabled", "true");
  try {
    await work().catch(lookAnew);
    return true;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (!(error instanceof Left)) tell(error.message, true);
    return false;
  } finally {
    control?.removeAttribute("aria-disabled");
  }
}

// It may have been done: what there is is shown as it is, if it can be had; throws the error.
async function lookAnew(error) {
  if (error.isUnknown) await redraw();
  throw error;
}

// Show what is at `where`; of something that is read from its top, `top` is the id of what stands there.
export async function go(where, top) {
  const query = new URLSearchParams(Object.entries(where).filter(([, value]) => value !== "" && value != null));
  history.pushState(null, "", `?${query}`);
  if (!await look()) return;
  const first = top && document.getElementById(top);
  first?.focus({ preventScroll: true });
  first?.scrollIntoView();
}

// Links to a part of the page lead to nothing else. What is still on its way must not come under another address, though.
export const isShown = () => shown === here() && !view.hasAttribute("aria-busy");

// Show what is at this address; when that cannot be had, the address becomes the one of what is shown.
export async function look() {
  if (await guarded(draw)) return true;
  if (shown !== undefined) history.replaceState(null, "", shown);
  undo?.();
  return false;
}

// Lets `work` be done when what was chosen last cannot be shown.
export const otherwise = (work) => { undo = work; };

function here() {
  return location.pathname + location.search;
}

export function clear() {
  drawn += 1;
  shown = undo = undefined;
  view.replaceChildren();
}

export async function draw() {
  const name = viewAsked();
  const turn = (drawn += 1);
  const address = here();
  const before = searched();
  tell("");
  view.setAttribute("aria-busy", "true");
  try {
    const parts = await draws[name](asked());
    if (turn !== drawn) return; // Something else was asked for meanwhile.
    const focused = view.contains(document.activeElement) && document.activeElement.id;
    const typed = searched().filter(([id, value], at) => before[at]?.[0] === id && before[at][1] !== value);
    view.replaceChildren(...parts.filter(Boolean));
    // What somebody types while an earlier search runs is theirs.
    for (const [id, value] of typed) document.getElementById(id).value = value;
    shown = address;
    undo = undefined;
    if (focused) keepFocus(focused);
    document.title = say("title", { view: say(name) });
    for (const link of document.querySelectorAll("[data-view]")) {
      if (link.dataset.view === name) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    showTab();
  } catch (error) {
    // Of what nobody waits for any more, only a key that is no longer right is told, and that somebody has left.
    if (turn === drawn || error.status === 401 || error instanceof Left) throw error;
  } finally {
    if (turn === drawn) view.removeAttribute("aria-busy");
  }
}

// What the fields of the search hold, by their ids.
function searched() {
  return [...view.querySelectorAll("[role=search] :is(input, select[name])")].map(({ id, value }) => [id, value]);
}

// Draw again what may have changed; nothing is said of what does not come. Throws Left after signing out.
export async function redraw() {
  try {
    await draw();
  } catch (error) {
    if (!(error instanceof Refused) || error instanceof Left) throw error;
  }
}

// Where there is no room for all tabs, bring the active one into the row's view; the page itself stays where it is.
function showTab() {
  const row = document.querySelector("nav");
  const [room, tab] = [row, row.querySelector("[aria-current]")].map((at) => at.getBoundingClientRect());
  if (tab.left < room.left || tab.right > room.right) row.scrollLeft += tab.left + tab.width / 2 - room.left - room.width / 2;
}

// Give the focus to what has the same id as before, or to the view's heading.
export function keepFocus(id) {
  const again = document.getElementById(id);
  const target = again && !again.disabled ? again : view.querySelector("h1");
  target?.focus();
}
