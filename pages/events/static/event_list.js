// List of events: searches while the visitor types, and keeps the numbers up to date.
import { showRemaining } from "./availability.js";
import { fetchPage } from "./page_fetch.js";
import { subscribe } from "./ticket_stream.js";

const DEBOUNCE_MS = 300;
// An answer that comes sooner replaces the cards without a skeleton in between.
const SKELETON_MS = 150;
const form = document.getElementById("event-search");
const results = document.getElementById("results");
const messages = JSON.parse(results.dataset.messages);
let timer;
let running;

document.documentElement.classList.add("has-scripts");
form.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(search, DEBOUNCE_MS);
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  clearTimeout(timer);
  search();
});
addEventListener("popstate", () => location.reload());
subscribe(results.dataset.live === "1", showEvent, () => load(location.href, false));

function search() {
  const fields = new URLSearchParams(new FormData(form));
  if (!fields.get("search").trim()) fields.delete("search");
  if (form.elements.sort.selectedIndex === 0) fields.delete("sort");
  const query = fields.toString();
  load(form.action + (query && `?${query}`), true);
}

// Replaces the results by those of `address`; without an answer the browser goes there. Returns whether it worked.
async function load(address, isSearch) {
  running?.abort();
  const own = new AbortController();
  running = own;
  results.setAttribute("aria-busy", "true");
  const skeleton = isSearch && setTimeout(showSkeleton, SKELETON_MS);
  const page = await fetchPage(address, own.signal);
  clearTimeout(skeleton);
  if (running !== own) return true;
  results.removeAttribute("aria-busy");
  const fresh = page?.getElementById("results");
  if (!fresh) {
    if (isSearch) location.assign(address);
    return false;
  }
  if (isSearch || fresh.innerHTML !== results.innerHTML) replaceResults(fresh);
  if (isSearch) history.replaceState(null, "", address);
  return true;
}

// The count is a live region, so its element stays and only its text changes.
function replaceResults(fresh) {
  const count = document.getElementById("result-count");
  const freshCount = fresh.querySelector("#result-count");
  count.textContent = freshCount.textContent;
  freshCount.remove();
  results.replaceChildren(count, ...document.adoptNode(fresh).childNodes);
}

function showSkeleton() {
  const skeleton = document.getElementById("skeleton").content.cloneNode(true);
  results.replaceChildren(document.getElementById("result-count"), skeleton);
}

function showEvent({ eventId, remainingTickets }) {
  const element = results.querySelector(`[data-left="${CSS.escape(eventId)}"]`);
  if (element) showRemaining(element, remainingTickets, messages);
}
