// E-mails view: the outbox by state, with a retry for e-mails whose delivery failed.
import { get, post } from "./api.js";
import { button, chip, el, field, select, table, userText } from "./dom.js";
import { formatDate, formatDateTime, formatNumber, label, t } from "./i18n.js";
import { announce, attempt, navigate, notify, onNavigationFailed, render, restoreFocus } from "./router.js";

const STATES = ["dead", "retrying", "queued", "sending", "sent"];
const COLUMNS = ["letter", "to", "state", "tries", "trouble", "when", "action"];
const PAGE_SIZE = 50;
const CHIPS = { sent: "good", delivered: "good", dead: "danger", bounced: "danger", complained: "danger", retrying: "wait" };

export async function emailsView(params) {
  const state = requestedState(params);
  const after = params.get("after");
  const filter = state === "any" ? "" : state;
  const query = new URLSearchParams({ state: filter, limit: PAGE_SIZE, ...(after && { after }) });
  const { items, next } = await get(`/letters?${query}`);
  announce(`${t("letters")}: ${formatNumber(items.length)}`);
  const showOlder = () => navigate({ view: "letters", state, after: next }, "letters");
  return [el("h1", { id: "letters", tabindex: "-1" }, t("letters")),
    el("div", { class: "panel filters" }, field(t("state"), stateSelect(state))),
    items.length ? emailTable(items, render) : el("p", { class: "panel" }, t("noLetters")),
    next && el("p", { class: "pagination" }, button(t("older"), showOlder, { id: "older" }))];
}

function requestedState(params) {
  const state = params.get("state");
  return state === "any" || STATES.includes(state) ? state : "dead";
}

function stateSelect(state) {
  const control = select("state", [["any", t("any")], ...STATES.map((each) => [each, t(each)])], state);
  control.addEventListener("change", () => {
    onNavigationFailed(() => { control.value = state; });
    navigate({ view: "letters", state: control.value });
  });
  return control;
}

// Builds a table of e-mails; `refresh` renders the table's surroundings again after a retry.
export function emailTable(items, refresh) {
  return table(t("letters"), COLUMNS.map((name) => t(name)), items.map((email) => row(email, refresh)));
}

function row(email, refresh) {
  const name = emailName(email);
  const state = email.delivery ?? email.state;
  const stateChip = chip(label(state, state), CHIPS[state] ?? "ended");
  const error = email.lastError ? userText(email.lastError) : t("none");
  const action = email.state === "dead" ? retryButton(email, name, refresh) : t("none");
  return { cells: [name, userText(email.to), stateChip, formatNumber(email.attempts), error,
    formatDateTime(email.sentAt ?? email.createdAt), action] };
}

// The e-mail about a rescheduled booking is named by the new date and hours.
function emailName({ template, date, slotLabel }) {
  if (template === "guest_rescheduled" && date) return t("movedTo", { date: formatDate(date), hours: slotLabel });
  return label(`letter.${template}`, template);
}

function retryButton(email, name, refresh) {
  const id = `retry-${email._id}`;
  const retry = (event) => attempt(async () => {
    await post(`/letters/${email._id}/retry`);
    await refresh();
    restoreFocus(id);
    notify(t("retried"));
  }, event.currentTarget);
  return button(t("retry"), retry, { id, "aria-label": t("retryOf", { letter: name, to: email.to }) });
}
