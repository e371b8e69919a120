// DOM builders. They create elements and never parse HTML, so that user input cannot become markup.
export function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) setAttribute(element, key, value);
  element.append(...children.flat(Infinity).filter((child) => child != null && child !== false));
  return element;
}

// Keys that begin with "on" add an event listener; null, undefined and false set nothing.
function setAttribute(element, key, value) {
  if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
  else if (value === true) element.setAttribute(key, "");
  else if (value !== false && value != null) element.setAttribute(key, value);
}

export const button = (text, onclick, attributes = {}) =>
  el("button", { type: "button", class: "button button-secondary button-small", onclick, ...attributes }, text);

export const field = (text, control) => el("p", { class: "field" }, el("label", { for: control.id }, text), control);

export const select = (id, options, selected) =>
  el("select", { id, name: id }, options.map(([value, text]) => el("option", { value, selected: value === selected }, text)));

export const chip = (text, kind) => el("span", { class: `chip chip-${kind}` }, text);

// Isolates the direction of user input from the text around it.
export const userText = (text) => el("bdi", {}, text);

// Builds a table, which CSS shows as cards on narrow screens. A column is a text, or an object of text, attributes, content.
export function table(caption, columns, rows, className = "") {
  const labels = columns.map((column) => column.text ?? column);
  const headings = columns.map((column) =>
    el("th", { scope: "col", role: "columnheader", ...column.attributes }, column.content ?? column));
  const cells = (row) => row.cells.map((cell, index) => el("td", { role: "cell", "data-label": labels[index] }, cell));
  return el("table", { class: `list ${className}`, role: "table" },
    el("caption", { class: "visually-hidden" }, caption),
    el("thead", { role: "rowgroup" }, el("tr", { role: "row" }, headings)),
    el("tbody", { role: "rowgroup" }, rows.map((row) => el("tr", { role: "row", ...row.attributes }, cells(row)))));
}

// Wraps wide content in a scrollable region, which the keyboard can reach.
export const scrollable = (text, content) =>
  el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": text }, content);
