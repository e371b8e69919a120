// Keeps the places left in the slot cards true: by events where the service tells them, else by asking now and then.
const EVERY = 15_000;
// A page is made anew in another language, so that its own is the one at all times.
const { lang } = document.documentElement;
const numbers = new Intl.NumberFormat(lang);
const plurals = new Intl.PluralRules(lang);

// Follows the date that the form shows; returns a function that ends it.
export function follow(form) {
  const { date } = document.getElementById("hours").dataset;
  const query = `date=${encodeURIComponent(date)}`;
  const apply = (slots) => slots.forEach((slot) => show(form, slot));
  if (form.dataset.live !== "1") return ask(query, apply);
  let end = () => source.close();
  let open = false;
  const source = new EventSource(`/api/live?${query}`);
  source.addEventListener("open", () => { open = true; });
  source.addEventListener("snapshot", (event) => apply([JSON.parse(event.data)].flat()));
  source.addEventListener("slotUpdate", (event) => apply([JSON.parse(event.data)]));
  source.addEventListener("error", () => {
    // The browser connects again by itself; one that was not let in at all does better to ask.
    if (open && source.readyState !== EventSource.CLOSED) {
      open = false;
      return;
    }
    source.close();
    end = ask(query, apply);
  });
  return () => end();
}

// The browser sends the ETag of what it has: an answer that did not change costs next to nothing.
function ask(query, apply) {
  const timer = setInterval(async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch(`/api/slots?${query}`, { cache: "no-cache" });
      if (answer.ok) apply(await answer.json());
    } catch {
      // The next time will do.
    }
  }, EVERY);
  return () => clearInterval(timer);
}

function show(form, slot) {
  const id = slot._id ?? slot.slotId;
  for (const card of form.querySelectorAll(`.slot[data-slot="${CSS.escape(id)}"]`)) update(form, card, slot);
}

function update(form, card, { remaining, capacity, closed = false }) {
  const before = Number(card.dataset.remaining);
  const chosen = card.querySelector("input");
  const state = closed ? "closed" : remaining === 0 ? "full" : remaining * 3 <= capacity ? "few" : "free";
  card.className = `slot slot-${state}`;
  card.dataset.remaining = remaining;
  card.querySelector(".slot-state").textContent = closed ? words(form).closed : places(form, remaining);
  card.querySelectorAll("circle").forEach((place, index) => place.classList.toggle("taken", index < capacity - remaining));
  // A choice that was made stays, so that it can be seen what became of it.
  chosen.disabled = closed && !chosen.checked;
  if (card.closest(".hours")) count(remaining - before);
  if (chosen.checked && (before === 0) !== (remaining === 0)) announce(form, card, remaining, closed);
}

// What the scripts say is written into the page, in its language.
function words(form) {
  return JSON.parse(form.dataset.words);
}

function places(form, remaining) {
  const { full, places: said } = words(form);
  if (remaining === 0) return full;
  return (said[plurals.select(remaining)] ?? said.other).replace("{number}", numbers.format(remaining));
}

// The day's own number in the month follows its slots.
function count(change) {
  const day = document.querySelector(".day[aria-current] .day-left");
  const shown = day?.querySelector("b");
  if (!shown || !change) return;
  day.dataset.left = Math.max(0, Number(day.dataset.left) + change);
  shown.textContent = numbers.format(day.dataset.left);
}

function announce(form, card, remaining, closed) {
  const { nowClosed, nowFull, nowFree } = words(form);
  const hours = card.querySelector(".slot-hours .vh").textContent.trim().replace(/,$/, "");
  const said = closed ? nowClosed : remaining === 0 ? nowFull : nowFree;
  form.querySelector("#news").textContent = said.replace("{hours}", hours);
}
