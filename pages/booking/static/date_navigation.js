// Date navigation: loads another day's slots, or another month, around the booking form and keeps what was typed.
import { dismiss, show } from "../toasts.js";

export const REQUEST_TIMEOUT_MS = 30_000;
// In a frame, the Back button belongs to the page around it.
export const IS_FRAMED = parent !== window;
// The address of a page that came by POST may lack its date.
const initialDate = document.getElementById("hours")?.dataset.date;
const cameByPost = Boolean(document.querySelector("form[data-posted]"));
let shownAddress = currentAddress();
let onDateShown;
// The controllers of the request in progress, and of the one that the Back button started.
let pending;
let pendingBack;

// Keeps the form while dates are chosen and while the history is navigated; calls `callback` after each change.
export function enableDateNavigation(callback) {
  onDateShown = callback;
  document.addEventListener("click", unfoldCalendar);
  document.addEventListener("click", loadChosenDate);
  addEventListener("popstate", loadFromHistory);
}

// Cancels a request in progress and restores the address of the date that is shown.
export function cancelNavigation() {
  abortPending();
  if (currentAddress() !== shownAddress) history.replaceState(null, "", shownAddress);
}

// Loads the page again. Reloading one that came by POST would submit the form again.
export function reloadPage() {
  if (cameByPost) location.replace(currentAddress());
  else location.reload();
}

export function parsePage(text) {
  const page = new DOMParser().parseFromString(text, "text/html");
  // A parsed document has scripting off, so the content of noscript would become live elements.
  page.querySelectorAll("noscript").forEach((element) => element.remove());
  return page;
}

// Shows the whole calendar, which a small screen folds to one line once a date is chosen.
function unfoldCalendar(event) {
  if (!event.target.closest("[data-unfold]")) return;
  const days = document.getElementById("days");
  days.classList.remove("is-folded");
  days.querySelector("a[aria-current=date], a[data-day]")?.focus();
}

async function loadChosenDate(event) {
  const link = event.target.closest("a[data-day]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  if (isSubmitting()) return;
  const isDay = Boolean(link.dataset.day);
  link.setAttribute("aria-busy", "true");
  const isReplaced = await replaceSections(link.href, isDay ? ["days", "hours"] : ["days"]);
  if (!isReplaced || !isDay) return;
  if (IS_FRAMED) history.replaceState(null, "", link.href);
  else history.pushState(null, "", link.href);
  shownAddress = currentAddress();
  onDateShown({ isChosen: true });
}

// Handles popstate. Fragment links fire it too, with the same address.
async function loadFromHistory() {
  if (currentAddress() === shownAddress) {
    // Going back and then forward returns to the shown date: the date between is not needed.
    if (pendingBack && pendingBack === pending) abortPending();
    return;
  }
  // The answer to a submission may be a page without a calendar.
  if (!document.getElementById("days")) {
    reloadPage();
    return;
  }
  const date = new URLSearchParams(location.search).get("date") ?? initialDate;
  const loading = !isSubmitting() && replaceSections(`?date=${encodeURIComponent(date)}`, ["days", "hours"]);
  pendingBack = pending;
  const isReplaced = await loading;
  if (isReplaced) {
    shownAddress = currentAddress();
    onDateShown({ isChosen: false });
  } else if (isReplaced !== undefined) {
    history.replaceState(null, "", shownAddress);
  }
}

// Replaces the sections with these ids by those of the page at `address`.
// Returns true, false if the page could not be loaded, undefined if the request was superseded.
async function replaceSections(address, ids) {
  const page = await fetchPage(address, document.getElementById(ids.at(-1)));
  if (page === null) return false;
  if (!page) return undefined;
  if (!page.querySelector(ids.includes("hours") ? "form.booking" : "#days")) {
    location.assign(address);
    return undefined;
  }
  for (const id of ids) document.getElementById(id).replaceWith(document.adoptNode(page.getElementById(id)));
  return true;
}

// Returns the page at `address`, null after an error, which a toast reports, or undefined if superseded.
async function fetchPage(address, section) {
  abortPending();
  const controller = new AbortController();
  pending = controller;
  const timer = setTimeout(() => controller.abort(), REQUEST_TIMEOUT_MS);
  section.setAttribute("aria-busy", "true");
  dismiss("day-unavailable");
  let page = null;
  try {
    const response = await fetch(address, { headers: { Accept: "text/html" }, signal: controller.signal });
    const text = await response.text();
    if (response.ok) page = parsePage(text);
  } catch {
    // Network error or timeout: `page` stays null.
  }
  clearTimeout(timer);
  if (controller !== pending) return undefined;
  abortPending();
  if (!page) show("day-unavailable");
  return page;
}

function abortPending() {
  pending?.abort();
  pending = undefined;
  for (const busy of document.querySelectorAll("#days, #hours, a[data-day]")) busy.removeAttribute("aria-busy");
}

// A date chosen during a submission would not be part of it.
function isSubmitting() {
  return Boolean(document.querySelector("form.is-submitting"));
}

function currentAddress() {
  return location.pathname + location.search;
}
