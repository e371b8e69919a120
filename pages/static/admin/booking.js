// A booking in a dialog: who, when, its letters, what the back office did, cancelling and sending again.
import { get, post } from "./api.js";
import { button, chip, el, typed } from "./dom.js";
import { letterTable } from "./letters.js";
import { guarded, keepFocus, redraw, tell } from "./moving.js";
import { apart, day, moment, named, say } from "./words.js";

const dialog = document.querySelector("#detail");
const confirming = document.querySelector("#confirm");
let openedFrom = "";

// Whatever was drawn anew behind the dialog, the focus goes back to what it was opened by.
dialog.addEventListener("close", () => keepFocus(openedFrom));

export async function detail(item, from = `booking-${item._id}`) {
  const [found, audit] = await Promise.all([get(`/letters?about=${item._id}`), get(`/audit?about=${item._id}`)]);
  dialog.replaceChildren(
    el("div", { class: "dialog-head" }, el("h2", { id: "detail-title" }, say("booking", { reference: item.reference })),
      chip(say(item.status), item.status === "confirmed" ? "good" : "over")),
    facts(item), actions(item),
    el("h3", {}, say("letters")),
    found.items.length ? letterTable(found.items, () => detail(item)) : el("p", { class: "soft" }, say("noLettersYet")),
    el("h3", {}, say("history")), history(audit.items),
    el("p", { id: "dialog-notice", class: "notice", role: "status" }));
  if (!dialog.open) {
    openedFrom = from;
    dialog.showModal();
    dialog.scrollTop = 0;
  }
}

function facts(item) {
  const rows = [
    ["name", item.fullName || say("erased")], ["date", `${day(item.date)}, ${item.slotLabel}`], ["email", item.email], ["phone", item.phone],
    ["country", item.country], ["city", item.city], ["message", item.message], ["created", moment(item.createdAt)],
  ];
  return el("dl", { class: "facts" }, rows.filter(([, value]) => value).map(([name, value]) =>
    [el("dt", {}, say(name)), el("dd", {}, typed(value))]));
}

function history(entries) {
  if (!entries.length) return el("p", { class: "soft" }, say("noHistory"));
  return el("ul", { class: "history" }, entries.map((entry) => el("li", {},
    say("historyEntry", { what: named(`done.${entry.what}`, entry.what), who: entry.who }), el("span", { class: "soft" }, ` ${moment(entry.at)}`))));
}

function actions(item) {
  const act = (path, done) => (event) => inDialog(async () => {
    const changed = await post(`/bookings/${item._id}/${path}`).catch((error) => lookAgain(item, error));
    await redraw();
    await detail(changed);
    document.querySelector("#detail-done").focus();
    tellHere(done);
  }, event.currentTarget);
  const cancel = async (event) => {
    const control = event.currentTarget;
    if (await sure(item)) await act("cancel", say("cancelDone"))({ currentTarget: control });
  };
  return el("p", { class: "actions" },
    button(say("done"), () => dialog.close(), { id: "detail-done", class: "button button-small" }),
    button(say("resend"), act("resend", say("resent")), { id: "resend" }),
    item.status === "confirmed" && button(say("cancel"), cancel, { id: "cancel", class: "button button-stop button-small" }));
}

// What may have been done to a booking is shown in its dialog, if it can be had, before it is told; throws the error.
async function lookAgain(item, error) {
  if (error.isUnknown) {
    await guarded(async () => {
      const [now] = (await get(`/bookings?reference=${item.reference}`)).items;
      if (now) await detail(now);
    });
    document.querySelector("#detail-done")?.focus();
  }
  throw error;
}

// What is behind a dialog is not read out, so that it tells things itself.
function tellHere(text, bad = false) {
  const notice = document.querySelector("#dialog-notice");
  notice.textContent = text;
  notice.classList.toggle("bad", bad);
}

const inDialog = (work, control) => guarded(work, control).then(() => {
  const notice = document.querySelector("#notice");
  if (dialog.open && notice.classList.contains("bad")) {
    tellHere(notice.textContent, true);
    tell("");
  }
});

function sure(item) {
  return new Promise((decide) => {
    const answer = (yes) => () => {
      decide(yes);
      confirming.close();
    };
    confirming.replaceChildren(
      el("h2", { id: "confirm-title" }, say("cancelSure", { name: apart(item.fullName || item.reference) })),
      el("p", { id: "confirm-text" }, say("cancelMeans", { date: day(item.date), hours: item.slotLabel })),
      el("p", { class: "actions" }, button(say("cancelNo"), answer(false), { id: "confirm-no", class: "button button-small", autofocus: true }),
        button(say("cancelYes"), answer(true), { id: "confirm-yes", class: "button button-stop button-small" })));
    confirming.addEventListener("close", answer(false), { once: true }); // Esc
    confirming.showModal();
  });
}
