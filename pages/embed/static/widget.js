// Widget: puts the booking page or an event of this service into the page that loads it, in a frame as high as needed.
//
// <script src="https://book.example.org/widget.js" async></script>
// Attributes: data-event is an event's id, data-date a date of the booking page, data-lang a language instead of the
// page's own, data-target a selector of the element for the frame, by default right after the script.
(() => {
  const MESSAGE = "booking-widget";
  const FIRST_HEIGHT_PX = 600;
  const MAX_HEIGHT_PX = 20_000;
  // Space above what is scrolled into view.
  const MARGIN_PX = 24;
  const script = document.currentScript;
  const { origin } = new URL(script.src);
  const frame = createFrame();
  let pages = 0;

  addEventListener("message", handleMessage);
  frame.addEventListener("load", handleLoad);
  insert();

  function createFrame() {
    const element = document.createElement("iframe");
    element.src = address();
    element.title = new URL(origin).host;
    Object.assign(element.style, { display: "block", width: "100%", height: `${FIRST_HEIGHT_PX}px`, border: "0" });
    return element;
  }

  function address() {
    const { event, date, lang } = script.dataset;
    const url = new URL(event ? `/embed/events/${encodeURIComponent(event)}` : "/embed", origin);
    const language = lang || script.closest("[lang]")?.lang;
    if (language) url.searchParams.set("lang", language);
    if (date) url.searchParams.set("date", date);
    return url.href;
  }

  // The element for the frame may follow the script in the page.
  function insert() {
    const { target } = script.dataset;
    if (!target) {
      script.after(frame);
      return;
    }
    const append = () => document.querySelector(target)?.append(frame);
    if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", append);
    else append();
  }

  // Other frames of the page may send anything, so only the own one of the service's origin is read.
  function handleMessage(event) {
    if (event.origin !== origin || event.source !== frame.contentWindow) return;
    if (event.data?.type !== MESSAGE) return;
    const { height, title, top } = event.data;
    if (Number.isFinite(height)) frame.style.height = `${Math.min(Math.max(Math.ceil(height), 1), MAX_HEIGHT_PX)}px`;
    if (typeof title === "string") frame.title = title;
    if (Number.isFinite(top)) reveal(top);
  }

  // A page that follows the first one begins at its top.
  function handleLoad() {
    pages += 1;
    if (pages > 1) reveal(0);
  }

  // Scrolls to a part of the frame, `top` pixels below its upper edge, if that is out of view.
  function reveal(top) {
    const y = frame.getBoundingClientRect().top + top;
    if (y < 0 || y > innerHeight - 4 * MARGIN_PX) scrollBy({ top: y - MARGIN_PX });
  }
})();
