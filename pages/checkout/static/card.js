// Stripe's card form: makes a payment method of a card before the form is sent, and lets the buyer confirm a payment.

const field = document.querySelector("[data-card]");
const confirmation = document.querySelector("[data-confirm]");
if (field) offerCard(field);
if (confirmation) confirm(confirmation);

function stripeOf(key) {
  return window.Stripe?.(key, { locale: document.documentElement.lang });
}

function offerCard(mount) {
  const form = mount.closest("form");
  const button = form.querySelector("button[type=submit]");
  const stripe = stripeOf(mount.dataset.card);
  if (!stripe) {
    form.querySelector("[data-card-missing]").hidden = false;
    button.disabled = true;
    return;
  }
  const { color, fontFamily } = getComputedStyle(mount);
  const card = stripe.elements().create("card", { style: { base: { color, fontFamily, fontSize: "16px" } } });
  card.mount(mount);
  const error = form.querySelector("[data-card-error]");
  const token = form.querySelector("input[name=payment]");
  const label = button.textContent;
  let isMaking = false;
  // A page from the back/forward cache has the means of payment of the attempt before.
  addEventListener("pageshow", () => (token.value = ""));
  form.addEventListener("submit", onSubmit, { capture: true });

  function onSubmit(event) {
    if (token.value) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (isMaking || !form.elements.terms.reportValidity()) return;
    isMaking = true;
    error.textContent = "";
    button.textContent = button.dataset.busy;
    make();
  }

  async function make() {
    const made = await stripe.createPaymentMethod({ type: "card", card }).catch((failure) => ({ error: failure }));
    isMaking = false;
    button.textContent = label;
    if (made.error) {
      error.textContent = made.error.message;
      return;
    }
    token.value = made.paymentMethod.id;
    // Never within the event of the first submission, in which browsers ignore a second one.
    setTimeout(() => form.requestSubmit(button));
  }
}

// Whatever comes of it, the order's page shows it: the bank's answer arrives by a webhook.
async function confirm(page) {
  const { confirm: key, clientSecret, order } = page.dataset;
  const stripe = stripeOf(key);
  if (!stripe) {
    // The page of the order has the button that led here.
    page.querySelector("[data-card-missing]").hidden = false;
    return;
  }
  page.querySelector("[data-bank-opens]").classList.add("is-shown");
  try {
    await stripe.handleNextAction({ clientSecret });
  } finally {
    location.replace(order);
  }
}
