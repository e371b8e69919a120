// Elements are made, never written as text: nothing people typed becomes markup.
export function el(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value != null) made.setAttribute(key, value);
  }
  made.append(...children.flat(Infinity).filter((child) => child != null && child !== false));
  return made;
}

export const button = (text, onclick, attributes = {}) =>
  el("button", { type: "button", class: "button button-second button-small", onclick, ...attributes }, text);

export const field = (label, control, hint) =>
  el("p", { class: "field" }, el("label", { for: control.id }, label), control, hint && el("span", { class: "hint", id: `${control.id}-hint` }, hint));

export const choice = (id, options, chosen) =>
  el("select", { id, name: id }, options.map(([value, text]) => el("option", { value, selected: value === chosen }, text)));

export const chip = (text, kind) => el("span", { class: `chip chip-${kind}` }, text);

// The text of people, whichever way it is written, stays within its own place.
export const typed = (text) => el("bdi", {}, text);

// A table that is one of cards where there is little room. A column is its text, or its heading's attributes and parts.
export function table(caption, columns, rows, className = "") {
  const names = columns.map((column) => column.text ?? column);
  const cells = (row) => row.cells.map((cell, at) => el("td", { role: "cell", "data-label": names[at] }, cell));
  return el("table", { class: `list ${className}`, role: "table" },
    el("caption", { class: "vh" }, caption),
    el("thead", { role: "rowgroup" }, el("tr", { role: "row" }, columns.map((column) =>
      el("th", { scope: "col", role: "columnheader", ...column.attributes }, column.content ?? column)))),
    el("tbody", { role: "rowgroup" }, rows.map((row) => el("tr", { role: "row", ...row.attributes }, cells(row)))));
}

// Wide tables scroll in a place of their own, which keys can reach.
export const scrolling = (label, content) => el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": label }, content);
