// The back office. The key lives in sessionStorage, until the tab is closed; what is looked at lives in the address.
const KEY = "adminKey";
const view = document.querySelector("#view");
const notice = document.querySelector("#notice");
const dialog = document.querySelector("#detail");
const dates = JSON.parse(document.querySelector("#dates").textContent);
const FILTERS = ["name", "phone", "date", "country", "status"];
let drawn = 0;

// Elements are made, never written as text: nothing people typed becomes markup.
function el(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value != null) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child != null));
  return made;
}

function tell(text, bad = false) {
  notice.textContent = text;
  notice.classList.toggle("bad", bad);
  notice.hidden = !text;
}

class Refused extends Error {}

async function call(method, path, body) {
  let answer;
  try {
    answer = await fetch(`/api/admin${path}`, {
      method,
      cache: "no-store",
      headers: { "X-Admin-Key": sessionStorage.getItem(KEY) ?? "", ...(body && { "Content-Type": "application/json" }) },
      body: body && JSON.stringify(body),
    });
  } catch {
    throw new Refused("The service cannot be reached. Nothing has been changed as far as this page knows.");
  }
  if (answer.status === 401) {
    sessionStorage.removeItem(KEY);
    enter();
  }
  if (!answer.ok) {
    const problem = await answer.json().catch(() => ({}));
    const fields = Object.values(problem.errors ?? {}).flat().join(" ");
    throw new Refused(fields || problem.message || `The service answered ${answer.status}.`);
  }
  return answer;
}

const get = async (path) => (await call("GET", path)).json();

async function guarded(work, button) {
  if (button) button.disabled = true;
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    tell(error.message, true);
  } finally {
    if (button) button.disabled = false;
  }
}

const moment = (iso) => (iso ? new Date(iso).toLocaleString() : "–");
const state = (text, good, bad) => el("span", { class: `state ${good ? "good" : bad ? "bad" : ""}` }, text);

function table(caption, heads, rows, className = "") {
  return el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    el("table", { class: className },
      el("thead", {}, el("tr", {}, ...heads.map((head) => el("th", { scope: "col" }, head)))),
      el("tbody", {}, ...rows)));
}

function field(label, control) {
  return el("p", { class: "field" }, el("label", { for: control.id }, label), control);
}

function choice(id, options, chosen) {
  return el("select", { id, name: id },
    ...options.map(([value, text]) => el("option", { value, selected: value === chosen }, text)));
}

const dateOptions = () => dates.map((date) => [date, date]);

// Views

const views = {
  async bookings(asked) {
    const wanted = new URLSearchParams(FILTERS.filter((name) => asked.get(name)).map((name) => [name, asked.get(name)]));
    const page = Number(asked.get("page")) || 1;
    const found = await get(`/bookings?${wanted}&page=${page}&limit=25`.replace("?&", "?"));
    const form = el("form", { class: "filters", role: "search", onsubmit: (event) => {
      event.preventDefault();
      const given = new FormData(form);
      go({ view: "bookings", ...Object.fromEntries([...given].filter(([, value]) => value.trim())) });
    } },
    field("Name", el("input", { id: "name", name: "name", value: asked.get("name") ?? "" })),
    field("Phone", el("input", { id: "phone", name: "phone", type: "tel", value: asked.get("phone") ?? "" })),
    field("Date", choice("date", [["", "Any"], ...dateOptions()], asked.get("date") ?? "")),
    field("Country", el("input", { id: "country", name: "country", maxlength: "2", value: asked.get("country") ?? "" })),
    field("Status", choice("status", [["", "Any"], ["confirmed", "Confirmed"], ["cancelled", "Cancelled"]], asked.get("status") ?? "")),
    el("button", { class: "main" }, "Find"),
    el("button", { type: "button", onclick: () => go({ view: "bookings" }) }, "Clear"));
    const download = el("button", { type: "button", onclick: () => guarded(() => exportCsv(wanted), download) }, "Download CSV");
    const rows = found.items.map((item) => el("tr", {},
      el("td", { class: "nowrap" }, el("button", { type: "button", onclick: () => guarded(() => detail(item)) }, item.reference)),
      el("td", {}, item.fullName || "(forgotten)"), el("td", { class: "nowrap" }, item.email), el("td", { class: "nowrap" }, item.phone),
      el("td", {}, item.country), el("td", { class: "nowrap" }, `${item.date}, ${item.slotLabel}`),
      el("td", {}, state(item.status, item.status === "confirmed", true)), el("td", { class: "nowrap" }, moment(item.createdAt))));
    const turn = (to, text, possible) => el("button", { type: "button", disabled: !possible,
      onclick: () => go({ ...Object.fromEntries(wanted), view: "bookings", page: to }) }, text);
    return [el("h2", {}, "Bookings"), form,
      table("Bookings", ["Reference", "Name", "E-mail", "Phone", "Country", "Slot", "Status", "Booked"], rows),
      el("p", { class: "pages" }, turn(page - 1, "Previous", page > 1),
        el("span", {}, found.total ? `Page ${page} of ${found.totalPages}, ${found.total} bookings` : "No booking matches."),
        turn(page + 1, "Next", page < found.totalPages), download)];
  },

  async slots(asked) {
    const date = dates.includes(asked.get("date")) ? asked.get("date") : dates[0];
    const slots = await get(`/slots?date=${date}`);
    const pick = choice("date", dateOptions(), date);
    pick.addEventListener("change", () => go({ view: "slots", date: pick.value }));
    const rows = slots.map((slot) => {
      const capacity = el("input", { type: "number", min: "0", value: slot.capacity, "aria-label": `Capacity of ${slot.label}` });
      const change = (values, done) => (event) => guarded(async () => {
        await call("PATCH", `/slots/${slot._id}`, values());
        await draw();
        tell(`${slot.label}: ${done}`);
      }, event.currentTarget);
      return el("tr", {}, el("td", { class: "nowrap" }, slot.label), el("td", {}, String(slot.bookedCount)),
        el("td", {}, String(slot.waiting)), el("td", { class: "nowrap" }, capacity, " ",
          el("button", { type: "button", onclick: change(() => ({ capacity: Number(capacity.value) }), "capacity saved.") }, "Save")),
        el("td", {}, state(slot.closed ? "closed" : slot.isFull ? "full" : "open", !slot.closed && !slot.isFull, slot.closed)),
        el("td", {}, el("button", { type: "button", onclick: change(() => ({ closed: !slot.closed }), slot.closed ? "open again." : "closed.") },
          slot.closed ? "Open" : "Close")));
    });
    return [el("h2", {}, "Slots"), el("div", { class: "filters" }, field("Date", pick)),
      table(`Slots of ${date}`, ["Time", "Booked", "Waiting", "Capacity", "State", "Booking"], rows)];
  },

  async letters(asked) {
    const states = ["", "dead", "retrying", "queued", "sending", "sent"];
    const chosen = states.includes(asked.get("state") ?? "dead") ? asked.get("state") ?? "dead" : "dead";
    const { items } = await get(`/letters?state=${chosen}`);
    const pick = choice("state", states.map((name) => [name, name || "any"]), chosen);
    pick.addEventListener("change", () => go({ view: "letters", state: pick.value }));
    return [el("h2", {}, "Letters"), el("div", { class: "filters" }, field("State", pick)),
      items.length ? letters(items, draw) : el("p", { class: "card" }, "No letter is in this state.")];
  },

  async overview() {
    const [sums, slots] = await Promise.all([get("/stats"), get("/slots")]);
    const hours = [...new Set(slots.map((slot) => slot.start))].sort();
    const at = new Map(slots.map((slot) => [`${slot.date} ${slot.start}`, slot]));
    const cell = (slot) => {
      if (!slot) return el("td", {}, "");
      const level = slot.bookedCount === 0 ? 0 : Math.max(1, Math.ceil((4 * slot.bookedCount) / Math.max(1, slot.capacity)));
      return el("td", { class: `h${level}` }, `${slot.bookedCount}/${slot.capacity}`);
    };
    const rows = dates.map((date) => el("tr", {}, el("th", { scope: "row" }, date), ...hours.map((hour) => cell(at.get(`${date} ${hour}`)))));
    const card = (text, value) => el("p", { class: "card" }, el("strong", {}, String(value)), text);
    return [el("h2", {}, "Overview"),
      el("div", { class: "sums" }, card("places", sums.seats), card("booked", sums.booked),
        card("still free", sums.seats - sums.booked), ...Object.entries(sums.letters).map(([name, n]) => card(`letters ${name}`, n))),
      el("h3", {}, "Booked by day and hour"), table("Booked by day and hour", ["Date", ...hours], rows, "heat")];
  },

  async audit(asked) {
    const { items, next } = await get(`/audit?limit=50${asked.get("after") ? `&after=${asked.get("after")}` : ""}`);
    const values = (given) => Object.entries(given).map(([name, value]) => `${name}: ${value}`).join(", ") || "–";
    const rows = items.map((entry) => el("tr", {}, el("td", { class: "nowrap" }, moment(entry.at)), el("td", {}, entry.who),
      el("td", {}, entry.what), el("td", {}, entry.about), el("td", {}, values(entry.before)), el("td", {}, values(entry.after))));
    return [el("h2", {}, "Audit"), table("Audit", ["When", "Who", "What", "About", "Before", "After"], rows),
      next && el("p", { class: "pages" }, el("button", { type: "button", onclick: () => go({ view: "audit", after: next }) }, "Older"))];
  },
};

function letters(items, again) {
  const rows = items.map((letter) => el("tr", {}, el("td", { class: "nowrap" }, letter.template.replaceAll("_", " ")), el("td", { class: "nowrap" }, letter.to),
    el("td", {}, state(letter.delivery ?? letter.state, letter.state === "sent", letter.state === "dead")),
    el("td", {}, String(letter.attempts)), el("td", {}, letter.lastError || "–"),
    el("td", { class: "nowrap" }, moment(letter.sentAt ?? letter.createdAt)),
    el("td", {}, letter.state === "dead" && el("button", { type: "button", onclick: (event) => guarded(async () => {
      await call("POST", `/letters/${letter._id}/retry`);
      await again();
      tell("The letter is tried again.");
    }, event.currentTarget) }, "Try again") || "")));
  return table("Letters", ["Letter", "To", "State", "Tries", "Last trouble", "When", ""], rows);
}

async function detail(item) {
  const [found, audit] = await Promise.all([get(`/letters?about=${item._id}`), get(`/audit?about=${item._id}`)]);
  const facts = [["Name", item.fullName], ["E-mail", item.email], ["Phone", item.phone], ["Country", item.country], ["City", item.city],
    ["Slot", `${item.date}, ${item.slotLabel}`], ["Status", item.status], ["Message", item.message], ["Booked", moment(item.createdAt)]];
  const act = (path, done) => (event) => guarded(async () => {
    const changed = await (await call("POST", `/bookings/${item._id}/${path}`)).json();
    await draw();
    await detail(changed);
    tell(done);
  }, event.currentTarget);
  const cancel = el("button", { type: "button", class: "bad", onclick: (event) => {
    if (cancel.dataset.sure) return act("cancel", "Cancelled; the guest gets a letter.")(event);
    cancel.dataset.sure = "yes";
    cancel.textContent = "Really cancel this booking";
  } }, "Cancel booking");
  dialog.replaceChildren(el("h2", { id: "detail-title" }, `Booking ${item.reference}`),
    el("dl", {}, ...facts.filter(([, value]) => value).flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)])),
    el("h3", {}, "Letters"), letters(found.items, () => detail(item)),
    el("h3", {}, "What the back office did"),
    audit.items.length ? el("ul", {}, ...audit.items.map((entry) => el("li", {}, `${moment(entry.at)}: ${entry.what} by ${entry.who}`)))
      : el("p", { class: "soft" }, "Nothing."),
    el("p", { class: "actions" }, el("button", { type: "button", onclick: act("resend", "The letter is on its way again.") }, "Send letter again"),
      item.status === "confirmed" && cancel || "", el("button", { type: "button", class: "main", onclick: () => dialog.close() }, "Done")));
  if (!dialog.open) dialog.showModal();
}

async function exportCsv(wanted) {
  const answer = await call("GET", `/bookings/export?${wanted}`);
  const pieces = [];
  let bytes = 0;
  for (const reader = answer.body.getReader(); ;) {
    const { done, value } = await reader.read();
    if (done) break;
    pieces.push(value);
    bytes += value.length;
    tell(`Downloading: ${(bytes / 1e6).toFixed(1)} MB`);
  }
  const address = URL.createObjectURL(new Blob(pieces, { type: "text/csv" }));
  el("a", { href: address, download: "bookings.csv" }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
  tell(`Downloaded bookings.csv, ${(bytes / 1e6).toFixed(1)} MB.`);
}

// Moving about

function enter() {
  drawn += 1;
  view.replaceChildren();
  if (dialog.open) dialog.close();
  document.querySelector("nav").hidden = true;
  document.querySelector("#enter").hidden = false;
  document.querySelector("#key").focus();
}

function go(where) {
  history.pushState(null, "", `?${new URLSearchParams(where)}`);
  guarded(draw);
}

async function draw() {
  const asked = new URLSearchParams(location.search);
  const name = Object.hasOwn(views, asked.get("view") ?? "") ? asked.get("view") : "bookings";
  const turn = (drawn += 1);
  tell("");
  const parts = await views[name](asked);
  if (turn !== drawn) return; // Something else was asked for meanwhile.
  view.replaceChildren(...parts.filter(Boolean));
  document.querySelector("nav").hidden = false;
  document.querySelector("#enter").hidden = true;
  for (const link of document.querySelectorAll("[data-view]")) {
    if (link.dataset.view === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

document.querySelector("nav").addEventListener("click", (event) => {
  const link = event.target.closest("a[data-view]");
  if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  go({ view: link.dataset.view });
});
document.querySelector("#leave").addEventListener("click", () => {
  sessionStorage.removeItem(KEY);
  tell("");
  enter();
});
document.querySelector("#enter").addEventListener("submit", (event) => {
  event.preventDefault();
  const key = document.querySelector("#key");
  sessionStorage.setItem(KEY, key.value.trim());
  key.value = "";
  guarded(draw, event.submitter);
});
window.addEventListener("popstate", () => guarded(draw));

if (sessionStorage.getItem(KEY)) guarded(draw);
else enter();
