// Embedded event: keeps the numbers of its tiers up to date.
import { showRemaining } from "../events/availability.js";
import { fetchPage } from "../events/page_fetch.js";
import { subscribe } from "../events/ticket_stream.js";

const tickets = document.getElementById("tickets");
const messages = JSON.parse(tickets.dataset.messages);

// Without counts, as after the sales, nothing changes.
if (tickets.querySelector("[data-left]")) subscribe(tickets.dataset.live === "1", update, reload);

// A snapshot has only the sum, so the page is read again if that differs.
function update({ eventId, remainingTickets, tiers }) {
  if (eventId !== tickets.dataset.event) return;
  if (tiers) tiers.forEach(({ id, remaining }) => showTier(id, remaining));
  else if (Number(tickets.dataset.remaining) !== remainingTickets) reload();
  tickets.dataset.remaining = remainingTickets;
}

function showTier(id, remaining) {
  const element = tickets.querySelector(`[data-left="${CSS.escape(id)}"]`);
  if (element) showRemaining(element, remaining, messages);
}

// Returns whether the page could be read.
async function reload() {
  const page = await fetchPage(location.href);
  const fresh = page?.querySelectorAll("#tickets [data-left]");
  fresh?.forEach((element) => showTier(element.dataset.left, Number(element.dataset.remaining)));
  return Boolean(fresh);
}
