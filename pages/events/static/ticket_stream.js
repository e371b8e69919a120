// Live tickets: server-sent events about all events. Where there is no stream, the page asks again by itself.
import { setToast } from "../toasts.js";

// Asking begins after a gap longer than a browser's reconnection takes.
const RECONNECT_GRACE_MS = 4_000;
const POLL_MS = 15_000;
// After this time a stream that the server refused is requested again.
const RETRY_MS = 60_000;

// Calls `apply` with each changed event, and `poll` every 15 seconds while there is no stream. `poll` returns whether
// it has worked.
export function subscribe(isLive, apply, poll) {
  const poller = createPoller(poll);
  if (isLive) openStream(apply, poller);
  else poller.start();
}

// The browser reconnects by itself and resumes, unless the server refused it.
function openStream(apply, poller) {
  let gap;
  const source = new EventSource("/api/live?events=1");
  source.addEventListener("open", () => {
    clearTimeout(gap);
    gap = undefined;
    poller.stop();
  });
  source.addEventListener("snapshot", (event) => JSON.parse(event.data).events.forEach(apply));
  source.addEventListener("ticketUpdate", (event) => apply(JSON.parse(event.data)));
  source.addEventListener("error", () => {
    if (source.readyState === EventSource.CLOSED) {
      poller.start();
      setTimeout(() => openStream(apply, poller), RETRY_MS);
    } else {
      gap ??= setTimeout(() => poller.start(0), RECONNECT_GRACE_MS);
    }
  });
}

function createPoller(poll) {
  let timer;
  const run = async () => {
    const own = timer;
    const isDone = document.hidden || await poll();
    if (own !== timer) return;
    setToast("stale-availability", !isDone);
    timer = setTimeout(run, POLL_MS);
  };
  const start = (delay = POLL_MS) => {
    timer ??= setTimeout(run, delay);
  };
  const stop = () => {
    clearTimeout(timer);
    timer = undefined;
    setToast("stale-availability", false);
  };
  return { start, stop };
}
