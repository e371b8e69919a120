// Booking dialog: details, e-mails and audit entries of a booking; cancels it and resends its confirmation.
import { get, post } from "./api.js";
import { confirmAction } from "./confirmation.js";
import { button, chip, el, userText } from "./dom.js";
import { emailTable } from "./emails.js";
import { formatDate, formatDateTime, formatNumber, isolate, label, t } from "./i18n.js";
import { attempt, notify, refresh, restoreFocus } from "./router.js";

const dialog = document.querySelector("#detail");
let openerId = "";

// The view behind the dialog may have been rendered again, so the opener is found by its id.
dialog.addEventListener("close", () => restoreFocus(openerId));

// Shows a booking. `opener` is the id of the element that gets the focus when the dialog closes.
export async function showBooking(booking, opener = `booking-${booking._id}`) {
  const [emails, audit] = await Promise.all([get(`/letters?about=${booking._id}`), get(`/audit?about=${booking._id}`)]);
  dialog.replaceChildren(
    heading(booking), facts(booking), actions(booking),
    el("h3", {}, t("letters")), emailSection(emails.items, booking),
    el("h3", {}, t("history")), auditList(audit.items),
    el("p", { id: "dialog-notice", class: "notice", role: "status" }));
  if (dialog.open) return;
  openerId = opener;
  dialog.showModal();
  dialog.scrollTop = 0;
}

function heading({ reference, status }) {
  return el("div", { class: "dialog-head" }, el("h2", { id: "detail-title" }, t("booking", { reference })),
    chip(t(status), status === "confirmed" ? "good" : "ended"));
}

function facts(booking) {
  const rows = [
    ["name", booking.fullName || t("erased")], ["date", `${formatDate(booking.date)}, ${booking.slotLabel}`],
    ["party", booking.seats > 1 && formatNumber(booking.seats)],
    ["email", booking.email], ["phone", booking.phone], ["country", booking.country], ["city", booking.city],
    ["message", booking.message], ["created", formatDateTime(booking.createdAt)],
  ];
  const filled = rows.filter(([, value]) => value);
  return el("dl", { class: "facts" }, filled.map(([name, value]) => [el("dt", {}, t(name)), el("dd", {}, userText(value))]));
}

function emailSection(emails, booking) {
  if (!emails.length) return el("p", { class: "muted" }, t("noLettersYet"));
  return emailTable(emails, () => showBooking(booking));
}

function auditList(entries) {
  if (!entries.length) return el("p", { class: "muted" }, t("noHistory"));
  return el("ul", { class: "history" }, entries.map(({ at, what, who }) => el("li", {},
    t("historyEntry", { what: label(`done.${what}`, what), who }), el("span", { class: "muted" }, ` ${formatDateTime(at)}`))));
}

function actions(booking) {
  const resend = (event) => change(booking, "resend", t("resent"), event.currentTarget);
  const cancel = async (event) => {
    const control = event.currentTarget;
    if (await confirmCancellation(booking)) await change(booking, "cancel", t("cancelDone"), control);
  };
  return el("p", { class: "actions" },
    button(t("done"), () => dialog.close(), { id: "detail-close", class: "button button-small" }),
    button(t("resend"), resend, { id: "resend" }),
    booking.status === "confirmed" && button(t("cancel"), cancel, { id: "cancel", class: "button button-danger button-small" }));
}

function change(booking, action, successMessage, control) {
  return attemptInDialog(async () => {
    const changed = await post(`/bookings/${booking._id}/${action}`).catch((error) => reloadIfUnknown(booking, error));
    await refresh();
    await showBooking(changed);
    document.querySelector("#detail-close").focus();
    notifyInDialog(successMessage);
  }, control);
}

// Shows the booking's present state if the outcome of a change is unknown; throws the error in any case.
async function reloadIfUnknown(booking, error) {
  if (error.isUnknown) {
    await attempt(async () => {
      const [current] = (await get(`/bookings?reference=${booking.reference}`)).items;
      if (current) await showBooking(current);
    });
    document.querySelector("#detail-close")?.focus();
  }
  throw error;
}

// Screen readers do not read what is behind a modal dialog, so the dialog has a notice of its own.
function notifyInDialog(text, isError = false) {
  const notice = document.querySelector("#dialog-notice");
  notice.textContent = text;
  notice.classList.toggle("is-error", isError);
}

// Runs `work` as `attempt` does, and moves an error message from the page's notice into the dialog.
async function attemptInDialog(work, control) {
  await attempt(work, control);
  const notice = document.querySelector("#notice");
  if (!dialog.open || !notice.classList.contains("is-error")) return;
  notifyInDialog(notice.textContent, true);
  notify("");
}

function confirmCancellation(booking) {
  const name = isolate(booking.fullName || booking.reference);
  const time = { date: formatDate(booking.date), hours: booking.slotLabel };
  return confirmAction({ title: t("cancelSure", { name }), texts: [t("cancelMeans", time)], yes: t("cancelYes"), no: t("cancelNo") });
}
