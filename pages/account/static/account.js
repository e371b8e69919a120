// The account's page: a success message is shown once, and a page from the back/forward cache is loaded again.
const message = document.querySelector("[data-canonical-url]");
if (message) history.replaceState(null, "", message.dataset.canonicalUrl);
addEventListener("pageshow", (event) => event.persisted && location.reload());
