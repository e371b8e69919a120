// Stand-in for Stripe.js: a card field with a frame, payment methods by card number, and the bank's confirmation.

const METHODS = {
  4242424242424242: "pm_card_visa",
  4000000000000002: "pm_card_chargeDeclined",
  4000000000003220: "pm_card_threeDSecure2Required",
};

window.Stripe = (key, { locale }) => {
  if (!key.startsWith("pk_test_") || !locale) throw new Error("The stand-in needs a test key and a locale.");
  const number = document.createElement("input");

  function create(kind) {
    return { mount };

    function mount(place) {
      number.setAttribute("aria-label", "Card number");
      const frame = document.createElement("iframe");
      frame.src = "https://js.stripe.com/v3/frame";
      frame.title = kind;
      place.append(number, frame);
    }
  }

  async function createPaymentMethod() {
    const id = METHODS[number.value];
    return id ? { paymentMethod: { id } } : { error: { message: "Your card number is invalid." } };
  }

  async function handleNextAction({ clientSecret }) {
    const answer = await fetch("https://api.stripe.com/v1/confirm", { method: "POST", body: clientSecret });
    return { paymentIntent: await answer.json() };
  }

  return { elements: () => ({ create }), createPaymentMethod, handleNextAction };
};
