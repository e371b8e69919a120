// CSV download: streams the filtered bookings with a progress bar, and saves them under the service's file name.
import { ApiError, request, sessionSignal } from "./api.js";
import { button, el } from "./dom.js";
import { formatBytes, formatNumber, t } from "./i18n.js";
import { notify } from "./router.js";

const CARRIAGE_RETURN = 13; // Ends each row, and occurs nowhere else.
const URL_LIFETIME_MS = 60_000;

// Replaces the `start` button in `section` by the progress until the download has ended.
export async function download({ filters, total, section, start }) {
  const controller = new AbortController();
  const session = sessionSignal();
  session.addEventListener("abort", () => controller.abort(), { once: true });
  const bar = el("progress", { max: total, value: 0, "aria-label": t("download") });
  const status = el("span", { role: "status" });
  const cancel = button(t("downloadCancel"), () => controller.abort(), { id: "download-cancel" });
  const progress = el("span", { class: "progress" }, bar, status, cancel);
  start.replaceWith(progress);
  cancel.focus();
  notify("");
  try {
    const response = await request("GET", `/bookings/export?${new URLSearchParams(filters)}`, { signal: controller.signal });
    const file = await readStream(response.body, (rows, bytes) => {
      bar.value = rows;
      const values = { rows: formatNumber(rows), total: formatNumber(total), size: formatBytes(bytes) };
      status.textContent = t("downloading", values, total);
    });
    const name = fileName(response);
    save(file.chunks, name);
    notify(t("downloaded", { name, rows: formatNumber(file.rows), size: formatBytes(file.bytes) }, file.rows));
  } catch (error) {
    if (!session.aborted) reportFailure(error, controller.signal);
  } finally {
    const hadFocus = section.contains(document.activeElement);
    progress.replaceWith(start);
    if (hadFocus) start.focus();
  }
}

function reportFailure(error, signal) {
  if (signal.aborted) notify(t("downloadStopped"));
  else notify(error instanceof ApiError ? error.message : t("downloadBroken"), true);
}

function fileName(response) {
  return /filename="([^"]+)"/.exec(response.headers.get("Content-Disposition"))?.[1] ?? "bookings.csv";
}

// Reads the body, and calls `onProgress` with the rows, without the header, and the bytes read so far.
async function readStream(body, onProgress) {
  const reader = body.getReader();
  const chunks = [];
  let rows = -1;
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return { chunks, rows, bytes };
    chunks.push(value);
    bytes += value.length;
    rows += countRowEnds(value);
    onProgress(Math.max(0, rows), bytes);
  }
}

function countRowEnds(chunk) {
  let count = 0;
  for (let index = chunk.indexOf(CARRIAGE_RETURN); index >= 0; index = chunk.indexOf(CARRIAGE_RETURN, index + 1)) count += 1;
  return count;
}

function save(chunks, name) {
  const address = URL.createObjectURL(new Blob(chunks, { type: "text/csv" }));
  el("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), URL_LIFETIME_MS);
}
