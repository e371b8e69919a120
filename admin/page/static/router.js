// Router: the address determines the view. Renders views, reports errors in the notice, and preserves the focus.
import { ApiError, SessionEnded } from "./api.js";
import { t } from "./i18n.js";
import { confirmLeaving, isUnsaved } from "./unsaved.js";

const container = document.querySelector("#view");
const notice = document.querySelector("#notice");
let views = {};
// Each rendering starts a new generation: the response of an older one is dropped.
let generation = 0;
// The address of the rendered view, and the callback for a navigation that fails.
let renderedAddress;
let navigationFailed;

export const registerViews = (renderers) => { views = renderers; };
export const queryParams = () => new URLSearchParams(location.search);

export function currentView() {
  const name = queryParams().get("view") ?? "";
  return Object.hasOwn(views, name) ? name : "bookings";
}

export function notify(text, isError = false) {
  notice.textContent = text;
  notice.classList.toggle("is-error", isError);
}

// Announces a change to screen readers.
export const announce = (text) => { document.querySelector("#announcer").textContent = text; };

// Runs `work` and reports an ApiError; `control` is disabled meanwhile. Returns whether it succeeded.
export async function attempt(work, control) {
  if (control?.getAttribute("aria-disabled")) return false;
  control?.setAttribute("aria-disabled", "true");
  try {
    await work().catch(refreshIfUnknown);
    return true;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (!(error instanceof SessionEnded)) notify(error.message, true);
    return false;
  } finally {
    control?.removeAttribute("aria-disabled");
  }
}

// Refreshes the view if the outcome of a change is unknown; throws the error in any case.
async function refreshIfUnknown(error) {
  if (error.isUnknown) await refresh();
  throw error;
}

// Navigates to the view with these query parameters, unless unsaved values are to stay. Focuses the element `focusId`, if
// given, and scrolls to it.
export async function navigate(params, focusId) {
  if (isUnsaved() && !await confirmLeaving()) return;
  const query = new URLSearchParams(Object.entries(params).filter(([, value]) => value !== "" && value != null));
  history.pushState(null, "", `?${query}`);
  if (!await renderAddress()) return;
  const element = focusId && document.getElementById(focusId);
  element?.focus({ preventScroll: true });
  element?.scrollIntoView();
}

// Returns whether the view of this address is shown. Fragment links keep the address; a view that still loads does not count.
export const isRendered = () => renderedAddress === currentAddress() && !container.hasAttribute("aria-busy");

// Renders the view of the current address. After a failure, restores the address of the rendered view.
export async function renderAddress() {
  if (await attempt(render)) return true;
  if (renderedAddress !== undefined) history.replaceState(null, "", renderedAddress);
  navigationFailed?.();
  return false;
}

// Renders the address of a step through the history, or returns to the rendered one if unsaved values are to stay.
export async function followHistory() {
  if (isUnsaved() && !await confirmLeaving()) history.pushState(null, "", renderedAddress);
  else await renderAddress();
}

// Sets a callback for the next navigation, in case it fails.
export const onNavigationFailed = (callback) => { navigationFailed = callback; };

function currentAddress() {
  return location.pathname + location.search;
}

export function clear() {
  generation += 1;
  renderedAddress = undefined;
  navigationFailed = undefined;
  container.replaceChildren();
}

export async function render() {
  const name = currentView();
  const address = currentAddress();
  const valuesBefore = searchValues();
  generation += 1;
  const ownGeneration = generation;
  notify("");
  container.setAttribute("aria-busy", "true");
  try {
    const parts = await views[name](queryParams());
    if (ownGeneration !== generation) return; // Another navigation has begun meanwhile.
    replaceView(parts, valuesBefore);
    renderedAddress = address;
    navigationFailed = undefined;
    showCurrentView(name);
  } catch (error) {
    // Errors of a superseded rendering are ignored, except a rejected key and the end of the session.
    if (ownGeneration === generation || error.status === 401 || error instanceof SessionEnded) throw error;
  } finally {
    if (ownGeneration === generation) container.removeAttribute("aria-busy");
  }
}

// Replaces the view; keeps the focus, and what was typed into the search fields while it was loading.
function replaceView(parts, valuesBefore) {
  const focusedId = container.contains(document.activeElement) && document.activeElement.id;
  const before = new Map(valuesBefore);
  const typed = searchValues().filter(([id, value]) => before.has(id) && before.get(id) !== value);
  container.replaceChildren(...parts.filter(Boolean));
  for (const [id, value] of typed) document.getElementById(id).value = value;
  if (focusedId) restoreFocus(focusedId);
}

// Marks the view in the document's title and in the navigation.
function showCurrentView(name) {
  document.title = t("title", { view: t(name) });
  for (const link of document.querySelectorAll("[data-view]")) {
    if (link.dataset.view === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  scrollToCurrentTab();
}

// Returns the ids and values of the search fields.
function searchValues() {
  return [...container.querySelectorAll("[role=search] :is(input, select[name])")].map(({ id, value }) => [id, value]);
}

// Renders the view again after a change. Ignores API errors, but throws SessionEnded after logout.
export async function refresh() {
  try {
    await render();
  } catch (error) {
    if (!(error instanceof ApiError) || error instanceof SessionEnded) throw error;
  }
}

// Scrolls the row of tabs, if it is too narrow, so that the current one is visible. The page does not scroll.
function scrollToCurrentTab() {
  const row = document.querySelector("nav");
  const bounds = row.getBoundingClientRect();
  const tab = row.querySelector("[aria-current]").getBoundingClientRect();
  if (tab.left >= bounds.left && tab.right <= bounds.right) return;
  row.scrollLeft += tab.left + tab.width / 2 - bounds.left - bounds.width / 2;
}

// Focuses the element with this id, or the view's heading if there is none.
export function restoreFocus(id) {
  const element = document.getElementById(id);
  const target = element && !element.disabled ? element : container.querySelector("h1");
  target?.focus();
}
