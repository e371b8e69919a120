// Page of one event: its facts and sales, its publication and cancellation, and links to its orders and tickets.
import { get, patch, post } from "./api.js";
import { confirmAction } from "./confirmation.js";
import { button, chip, el, table, userText } from "./dom.js";
import { salesList } from "./event_sales.js";
import { eventChip, leftOf } from "./event_status.js";
import { formatDateTime, formatNumber, isolate, t, zone } from "./i18n.js";
import { viewLink } from "./links.js";
import { announce, attempt, notify, refresh } from "./router.js";

const TIER_COLUMNS = ["tierCode", "tierName", "tierPrice", "tierCapacity", "sold", "held", "remaining", "waiting", "state"];

export async function eventPage(id, params) {
  const path = encodeURIComponent(id);
  const [event, figures, list] = await Promise.all([
    get(`/events/${path}`), get(`/analytics?eventId=${path}`), salesList(id, params)]);
  announce(event.title);
  return [backLink(), el("h1", { tabindex: "-1" }, userText(event.title)), factsPanel(event),
    el("h2", { class: "section" }, t("tiers")), tierTable(event),
    el("h2", { class: "section" }, t("eventSales")), totals(figures), list];
}

export const backLink = () =>
  el("p", { class: "back" }, viewLink({ view: "events" }, t("eventsAll"), { id: "events-all" }));

function factsPanel(event) {
  const rows = [
    ["date", t("timeInZone", { time: formatDateTime(event.date), zone: zone.replaceAll("_", " ") })],
    ["salesEnd", event.salesEnd !== event.date && formatDateTime(event.salesEnd)],
    ["venue", event.venue], ["currency", event.currency], ["description", event.description], ["image", event.image],
    ["imageAlt", event.imageAlt],
  ];
  const facts = rows.filter(([, value]) => value).map(([name, value]) => [el("dt", {}, t(name)), el("dd", {}, userText(value))]);
  return el("div", { class: "panel" }, eventChip(event), el("dl", { class: "facts" }, facts), actions(event));
}

function actions(event) {
  const isCancelled = event.status === "cancelled";
  const isDraft = event.status === "draft";
  const taken = event.tiers.some((tier) => tier.taken);
  return el("p", { class: "actions" },
    !isCancelled && viewLink({ view: "events", event: event.id, edit: "1" }, t("eventEdit"),
      { class: "button button-small", id: "event-edit" }),
    isDraft && button(t("publish"), (click) => publish(event, click.currentTarget), { id: "event-publish" }),
    !isDraft && !isCancelled && !taken
      && button(t("unpublish"), (click) => unpublish(event, click.currentTarget), { id: "event-unpublish" }),
    !isCancelled && button(t("eventCancel"), (click) => cancel(event, click.currentTarget),
      { id: "event-cancel", class: "button button-danger button-small" }),
    !isDraft && el("a", { href: `/events/${event.id}`, id: "event-public", class: "button button-secondary button-small" },
      t("eventPublic")));
}

async function publish(event, control) {
  const values = { total: formatNumber(event.totalTickets), end: formatDateTime(event.salesEnd) };
  const isConfirmed = await confirmAction({ title: t("publishSure", titleOf(event)), texts: [t("publishMeans", values)],
    yes: t("publishYes"), no: t("publishNo"), kind: "button-secondary" });
  if (isConfirmed) await change(() => setStatus(event, "published"), t("publishDone"), control);
}

async function unpublish(event, control) {
  const isConfirmed = await confirmAction({ title: t("unpublishSure", titleOf(event)), texts: [t("unpublishMeans")],
    yes: t("unpublishYes"), no: t("unpublishNo") });
  if (isConfirmed) await change(() => setStatus(event, "draft"), t("unpublishDone"), control);
}

async function cancel(event, control) {
  const taken = event.tiers.reduce((sum, tier) => sum + tier.taken, 0);
  const means = taken ? t("eventCancelMeans", { count: formatNumber(taken) }, taken) : t("eventCancelUnsold");
  const isConfirmed = await confirmAction({ title: t("eventCancelSure", titleOf(event)),
    texts: [means, t("eventCancelFinal")], yes: t("eventCancelYes"), no: t("eventCancelNo") });
  if (isConfirmed) await change(() => post(`/events/${event.id}/cancel`), t("eventCancelDone"), control);
}

const titleOf = (event) => ({ title: isolate(event.title) });
const setStatus = (event, status) => patch(`/events/${event.id}`, { status }, event.version);

// Shows the present state after a change, and also after a refusal: somebody else may have been faster.
function change(send, successMessage, control) {
  return attempt(async () => {
    try {
      await send();
    } catch (error) {
      if (error.status === 409 || error.status === 412) await refresh();
      throw error;
    }
    await refresh();
    notify(successMessage);
  }, control);
}

function tierTable(event) {
  const rows = event.tiers.map((tier) => ({ cells: [tier.code, userText(tier.name), `${tier.price} ${event.currency}`,
    ...[tier.capacity, tier.taken - tier.held, tier.held, leftOf(event, tier), tier.waiting].map(formatNumber),
    tier.closed ? chip(t("tierClosed"), "ended") : chip(t("tierOpen"), "good")] }));
  return table(t("tiers"), TIER_COLUMNS.map((name) => t(name)), rows, "tiers-table");
}

function totals({ orders, tickets, checkedIn, revenue, refundedAmount }) {
  const total = (name, text) => el("p", { class: "panel total" }, el("strong", {}, text), t(name));
  return el("div", { class: "totals" }, total("ordersPaid", formatNumber(orders)), total("ticketsSold", formatNumber(tickets)),
    total("checkedIn", formatNumber(checkedIn)), total("revenue", moneyText(revenue)), total("refunded", moneyText(refundedAmount)));
}

function moneyText(amounts) {
  return Object.entries(amounts).map(([currency, amount]) => `${amount} ${currency}`).join(", ") || t("none");
}
