// Embedded page: reports its height and title to the widget's script, and where the focus is, so that it can scroll there.
const MESSAGE = "booking-widget";
const root = document.documentElement;

if (parent !== window) {
  new ResizeObserver(reportSize).observe(root);
  document.addEventListener("focusin", reportFocus);
}

// Any site may embed the page and nothing of it is secret here, so the message is for any origin.
function send(values) {
  parent.postMessage({ type: MESSAGE, ...values }, "*");
}

function reportSize() {
  send({ height: root.getBoundingClientRect().height, title: document.title });
}

function reportFocus({ target }) {
  send({ top: target.getBoundingClientRect().top + scrollY });
}
