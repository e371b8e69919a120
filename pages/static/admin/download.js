// The CSV of exactly what is filtered, with how far it is, as a file named by the service.
import { Refused, call, during } from "./api.js";
import { button, el } from "./dom.js";
import { tell } from "./moving.js";
import { count, say, size } from "./words.js";

const CARRIAGE_RETURN = 13; // Rows end in one, and no text has any.
const KEEP_MILLISECONDS = 60_000;

export async function download(wanted, total, place, start) {
  const stop = new AbortController();
  const session = during();
  session.addEventListener("abort", () => stop.abort(), { once: true });
  const bar = el("progress", { max: total, value: 0, "aria-label": say("download") });
  const words = el("span", { role: "status" });
  const ending = button(say("downloadCancel"), () => stop.abort(), { id: "download-cancel" });
  const shown = el("span", { class: "progress" }, bar, words, ending);
  start.replaceWith(shown);
  ending.focus();
  tell("");
  try {
    const answer = await call("GET", `/bookings/export?${new URLSearchParams(wanted)}`, { signal: stop.signal });
    const file = await read(answer, (rows, bytes) => {
      bar.value = rows;
      words.textContent = say("downloading", { rows: count(rows), total: count(total), size: size(bytes) }, total);
    });
    const name = /filename="([^"]+)"/.exec(answer.headers.get("Content-Disposition"))?.[1] ?? "bookings.csv";
    save(file.pieces, name);
    tell(say("downloaded", { name, rows: count(file.rows), size: size(file.bytes) }, file.rows));
  } catch (error) {
    if (session.aborted) return;
    tell(stop.signal.aborted ? say("downloadStopped") : error instanceof Refused ? error.message : say("downloadBroken"), !stop.signal.aborted);
  } finally {
    const focused = place.contains(document.activeElement);
    shown.replaceWith(start);
    if (focused) start.focus();
  }
}

async function read(answer, progress) {
  const pieces = [];
  let rows = -1; // The heading is none.
  let bytes = 0;
  for (const reader = answer.body.getReader(); ;) {
    const { done, value } = await reader.read();
    if (done) return { pieces, rows, bytes };
    pieces.push(value);
    bytes += value.length;
    for (let at = value.indexOf(CARRIAGE_RETURN); at >= 0; at = value.indexOf(CARRIAGE_RETURN, at + 1)) rows += 1;
    progress(Math.max(0, rows), bytes);
  }
}

function save(pieces, name) {
  const address = URL.createObjectURL(new Blob(pieces, { type: "text/csv" }));
  el("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), KEEP_MILLISECONDS);
}
