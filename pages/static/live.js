// Keeps the places left in the slot cards true: by events where the service tells them, else by asking now and then.
const EVERY = 15_000;
// Longer than a browser takes to connect again: a shorter gap is nobody's business.
const LATE = 4_000;
// After how long a service that refused its events is asked for them again.
const AGAIN = 60_000;

// Follows the date that the form shows; returns a function that ends it.
export function follow(form) {
  const { date } = document.getElementById("hours").dataset;
  const query = `date=${encodeURIComponent(date)}`;
  const apply = (slots) => { slots.forEach((slot) => show(form, slot)); count(form); };
  const asking = asker(query, apply);
  if (form.dataset.live !== "1") {
    asking.start();
    return asking.stop;
  }
  const listening = listener(query, apply, asking);
  return () => { listening.stop(); asking.stop(); };
}

// The browser connects again by itself and goes on where it was, unless it was refused; until it has, asking helps.
function listener(query, apply, asking) {
  let source, timer;
  const connected = () => {
    clearTimeout(timer);
    timer = undefined;
    asking.stop();
  };
  const failed = () => {
    if (source.readyState === EventSource.CLOSED) {
      clearTimeout(timer);
      asking.start();
      timer = setTimeout(connect, AGAIN);
    } else {
      timer ??= setTimeout(() => asking.start(0), LATE);
    }
  };
  const connect = () => {
    timer = undefined;
    source = new EventSource(`/api/live?${query}`);
    source.addEventListener("open", connected);
    source.addEventListener("snapshot", (event) => apply(JSON.parse(event.data)));
    source.addEventListener("slotUpdate", (event) => apply([JSON.parse(event.data)]));
    source.addEventListener("error", failed);
  };
  connect();
  return { stop: () => { clearTimeout(timer); source.close(); } };
}

// Asks now and then, and says so when nobody answers. What the browser has is sent as ETag: no change costs nearly nothing.
function asker(query, apply) {
  let asking = false;
  let timer;
  const ask = async () => {
    if (!document.hidden) {
      const slots = await read(`/api/slots?${query}`);
      // Meanwhile events may have told something newer.
      if (!asking) return;
      note("places", !slots);
      if (slots) apply(slots);
    }
    timer = setTimeout(ask, EVERY);
  };
  const start = (first = EVERY) => {
    if (asking) return;
    asking = true;
    timer = setTimeout(ask, first);
  };
  const stop = () => {
    asking = false;
    clearTimeout(timer);
    note("places", false);
  };
  return { start, stop };
}

async function read(address) {
  try {
    const answer = await fetch(address, { cache: "no-cache" });
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
}

// Shows or hides one of the sentences at the foot of the screen.
export function note(name, isShown) {
  const sentence = document.querySelector(`[data-note="${name}"]`);
  if (sentence) sentence.hidden = !isShown;
}

function show(form, slot) {
  const id = slot._id ?? slot.slotId;
  for (const card of form.querySelectorAll(`.slot[data-slot="${CSS.escape(id)}"]`)) update(form, card, slot);
}

function update(form, card, { remaining, capacity, closed = false }) {
  const before = Number(card.dataset.remaining);
  const chosen = card.querySelector("input");
  card.className = `slot slot-${closed ? "closed" : level(remaining, capacity)}`;
  card.dataset.remaining = remaining;
  card.dataset.capacity = capacity;
  card.querySelector(".slot-state").textContent = closed ? "Closed" : words(remaining);
  const places = card.querySelectorAll("circle");
  places.forEach((place, index) => place.classList.toggle("taken", index < capacity - remaining));
  card.querySelector(".seats")?.classList.toggle("is-other", places.length !== capacity);
  // A choice that was made stays, so that it can be seen what became of it.
  chosen.disabled = closed && !chosen.checked;
  if (chosen.checked && (before === 0) !== (remaining === 0)) announce(form, card, remaining, closed);
}

function level(remaining, capacity) {
  if (remaining === 0) return "full";
  return remaining * 3 <= capacity ? "few" : "free";
}

function words(remaining) {
  if (remaining === 0) return "Full: waiting list";
  return remaining === 1 ? "1 place left" : `${remaining} places left`;
}

// The day's own number in the month is the sum of its slots.
function count(form) {
  const day = document.querySelector(".day[aria-current]");
  const left = day?.querySelector(".day-left b");
  if (!left) return;
  const cards = [...form.querySelectorAll(".hours .slot")];
  const sum = (name) => cards.reduce((total, card) => total + Number(card.dataset[name]), 0);
  const [remaining, capacity] = [sum("remaining"), sum("capacity")];
  left.textContent = remaining;
  day.className = `day day-${level(remaining, capacity)}`;
  day.querySelector(".day-taken")?.setAttribute("width", capacity ? Math.floor(100 * (capacity - remaining) / capacity) : 0);
}

function announce(form, card, remaining, closed) {
  const what = closed
    ? "has just been closed. Please choose another one."
    : remaining === 0
      ? "has just been filled. You can join its waiting list or choose another one."
      : "has a place again.";
  anew(form.querySelector("#news")).textContent = `The hour you chose, ${hours(card)}, ${what}`;
  offer(form, remaining === 0 ? nearest(form, card) : []);
}

// Returns a copy in the place of `element`: what is told anew appears, it does not move.
function anew(element) {
  const copy = element.cloneNode(true);
  element.replaceWith(copy);
  return copy;
}

function hours(card) {
  return card.querySelector(".slot-hours").textContent.replace("–", "").replace(/\s+/g, " ").trim().replace(/,$/, "");
}

// The nearest hours of the same day that have places left, at most three.
function nearest(form, card) {
  const cards = [...form.querySelectorAll(".hours .slot")];
  const here = cards.indexOf(form.querySelector(`.hours .slot[data-slot="${CSS.escape(card.dataset.slot)}"]`));
  const far = (other) => Math.abs(cards.indexOf(other) - here);
  return cards.filter((other) => Number(other.dataset.remaining) > 0).sort((a, b) => far(a) - far(b)).slice(0, 3);
}

function offer(form, cards) {
  const near = anew(form.querySelector("#near"));
  near.hidden = cards.length === 0;
  near.querySelector("span").replaceChildren(...cards.map((card) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "near";
    button.append(...card.querySelector(".slot-hours").cloneNode(true).childNodes);
    button.addEventListener("click", () => {
      const input = card.querySelector("input");
      input.click();
      input.focus();
    });
    return button;
  }));
}
