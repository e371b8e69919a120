// Form of the event editor: its fields, and messages beside them.
import { button, el, select } from "./dom.js";
import { formatNumber, t, zone as siteZone } from "./i18n.js";
import { TEXTS, valuesOf } from "./event_values.js";

const MAX_TIERS = 20;
const LENGTHS = { title: 200, venue: 200, image: 2000, imageAlt: 200, currency: 3 };

// Returns the form; `event` is null for a new one. `ends` are the buttons at its end.
export function eventForm(event, ends) {
  const tiers = el("div", { id: "tiers", class: "tiers" });
  const add = button(t("tierAdd"), () => addTier(form), { id: "tier-add" });
  const form = el("form", { class: "editor", id: "event-form", novalidate: true, autocomplete: "off" },
    el("div", { class: "panel fields" }, aboutFields(event), timeFields(event), pictureFields(), !event && statusField()),
    el("h2", { class: "section" }, t("tiers")), tiers, el("p", {}, add), el("p", { class: "actions" }, ends));
  fillForm(form, valuesOf(event));
  return form;
}

// Writes values into the fields, and makes the tiers anew.
export function fillForm(form, values) {
  for (const name of [...TEXTS, "date", "salesEnd", "zone"]) form.querySelector(`#event-${name}`).value = values[name];
  form.querySelector("#tiers").replaceChildren(...values.tiers.map(tierFields));
  renumberTiers(form);
}

// Returns the values of the fields.
export function readForm(form) {
  const value = (id) => form.querySelector(`#${id}`)?.value ?? "";
  const named = (name) => [name, value(`event-${name}`)];
  const tiers = [...form.querySelectorAll(".tier")].map((row) => ({
    id: row.dataset.tier, numbered: "numbered" in row.dataset, code: row.dataset.code ?? row.querySelector("[data-name=code]").value,
    ...Object.fromEntries(["name", "price", "capacity"].map((name) => [name, row.querySelector(`[data-name=${name}]`).value])),
    closed: row.querySelector("[data-name=closed]")?.checked ?? false,
  }));
  return { ...Object.fromEntries([...TEXTS, "date", "salesEnd", "zone", "status"].map(named)), tiers };
}

// Shows messages beside their fields, by control id, and removes those shown before. Focuses the first field with one.
export function showMessages(form, messages, className = "field-error") {
  clearMessages(form);
  const controls = [...form.querySelectorAll("input, select, textarea")].filter(({ id }) => messages.has(id));
  for (const control of controls) {
    const message = el("p", { class: className, id: `${control.id}-message` }, messages.get(control.id));
    control.before(message);
    describe(control, message.id);
    if (className !== "field-error") continue;
    control.setAttribute("aria-invalid", "true");
    control.parentElement.classList.add("is-invalid");
  }
  controls[0]?.focus();
}

function clearMessages(form) {
  for (const message of form.querySelectorAll(".field-error, .field-note")) message.remove();
  for (const control of form.querySelectorAll("input, select, textarea")) {
    control.removeAttribute("aria-invalid");
    control.parentElement.classList.remove("is-invalid");
    describe(control, "");
  }
}

// A control is described by its hint, if it has one, and by the message beside it.
function describe(control, messageId) {
  const ids = [control.dataset.hint, messageId].filter(Boolean).join(" ");
  if (ids) control.setAttribute("aria-describedby", ids);
  else control.removeAttribute("aria-describedby");
}

function formField(text, control, { hint, wide } = {}) {
  const hintElement = hint && el("p", { class: "hint", id: `${control.id}-hint` }, hint);
  if (hint) control.dataset.hint = hintElement.id;
  describe(control, "");
  return el("div", { class: wide ? "field wide" : "field" }, el("label", { for: control.id }, text), control, hintElement);
}

const textInput = (name, attributes = {}) =>
  el("input", { id: `event-${name}`, name, maxlength: LENGTHS[name], ...attributes });

function aboutFields(event) {
  return [
    formField(t("eventTitle"), textInput("title"), { wide: true }),
    formField(t("description"), el("textarea", { id: "event-description", name: "description", rows: 5, maxlength: 5000 }), { wide: true }),
    formField(t("venue"), textInput("venue"), { hint: event && t("movedHint") }),
    formField(t("currency"), textInput("currency", { spellcheck: "false", autocapitalize: "characters" }), { hint: t("currencyHint") }),
  ];
}

function timeFields(event) {
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const zones = [...new Set([siteZone, own, "UTC"])].map((name) => [name, name.replaceAll("_", " ")]);
  const time = (name) => el("input", { id: `event-${name}`, name, type: "datetime-local", max: "2999-12-31T23:59" });
  return [
    formField(t("dateAndTime"), time("date"), { hint: event && t("movedHint") }),
    formField(t("timeZone"), select("event-zone", zones, siteZone), { hint: t("zoneHint", { zone: siteZone.replaceAll("_", " ") }) }),
    formField(t("salesEndOptional"), time("salesEnd"), { hint: t("salesEndHint") }),
  ];
}

function pictureFields() {
  const address = textInput("image", { inputmode: "url", spellcheck: "false", autocapitalize: "none" });
  return [formField(t("imageOptional"), address, { hint: t("imageHint") }),
    formField(t("imageAlt"), textInput("imageAlt"), { hint: t("imageAltHint") })];
}

function statusField() {
  const options = [["draft", t("event.draft")], ["published", t("event.published")]];
  return formField(t("state"), select("event-status", options, "draft"), { hint: t("statusHint") });
}

// Fields of a tier. The code of an existing one cannot change; a new one can be removed again.
function tierFields(tier) {
  const input = (name, attributes = {}) =>
    el("input", { "data-name": name, maxlength: 200, value: tier[name], ...attributes });
  const fields = [
    !tier.id && [t("tierCode"), input("code", { maxlength: 40, spellcheck: "false" }), { hint: t("codeHint") }],
    [t("tierName"), input("name")],
    [t("tierPrice"), input("price", { maxlength: 12, inputmode: "decimal" })],
    [t("tierCapacity"), input("capacity", { maxlength: 7, inputmode: "numeric", readonly: tier.numbered }),
      { hint: tier.numbered && t("numberedHint") }],
    tier.id && [t("tierClose"), input("closed", { type: "checkbox", checked: tier.closed })],
  ].filter(Boolean);
  const row = el("fieldset", { class: "panel tier", "data-tier": tier.id, "data-numbered": tier.numbered, "data-code": tier.id ? tier.code : null },
    el("legend", {}, el("b", {}, tier.id ? tier.code : t("tierNew")), " ", tier.id && soldText(tier)));
  row.append(...fields.map(([text, control, options]) => {
    control.id = `new-${control.dataset.name}`;
    return formField(text, control, options);
  }));
  if (!tier.id) row.append(button(t("tierRemove"), () => removeTier(row), { class: "button button-secondary button-small tier-remove" }));
  return row;
}

function soldText(tier) {
  const counts = { sold: formatNumber(tier.taken - tier.held), held: formatNumber(tier.held) };
  return el("span", { class: "muted" }, t("tierTakenCounts", counts));
}

function addTier(form) {
  const row = tierFields({ id: "", code: "", name: "", price: "", capacity: "", closed: false, numbered: false });
  form.querySelector("#tiers").append(row);
  renumberTiers(form);
  row.querySelector("input").focus();
}

function removeTier(row) {
  const form = row.closest("form");
  row.remove();
  renumberTiers(form);
  form.querySelector("#tier-add").focus();
}

// Gives the controls of each tier ids by its position, and says how many there can be.
function renumberTiers(form) {
  const rows = [...form.querySelectorAll(".tier")];
  for (const [index, row] of rows.entries()) {
    for (const control of row.querySelectorAll("input")) renameControl(control, `tier-${index}-${control.dataset.name}`);
    const remove = row.querySelector(".tier-remove");
    if (remove) remove.id = `tier-${index}-remove`;
  }
  form.querySelector("#tier-add").disabled = rows.length >= MAX_TIERS;
  for (const remove of form.querySelectorAll(".tier-remove")) remove.hidden = rows.length === 1;
}

function renameControl(control, id) {
  const fieldElement = control.parentElement;
  control.id = id;
  fieldElement.querySelector("label").htmlFor = id;
  const hint = fieldElement.querySelector(".hint");
  const message = fieldElement.querySelector(".field-error, .field-note");
  if (hint) hint.id = control.dataset.hint = `${id}-hint`;
  if (message) message.id = `${id}-message`;
  describe(control, message?.id);
}
