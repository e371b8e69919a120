"""A payment that the buyer has to confirm: the order's page continues it, also after an interruption."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from orders.order_change import OrderChange, changed
from orders.payment_queue import PaymentQueue
from orders.payments.gateway import PaymentUnanswered
from orders.payments.simulated import SimulatedGateway
from orders.payments.stripe import StripeGateway
from tests.api.conftest import Clock
from tests.fake_stripe.ledger import APPROVED, NEEDS_ACTION
from tests.fake_stripe.server import FakeStripe, Fault, running
from tests.orders.payments.stripe_shop import StripeShop
from tests.orders.shop import Shop
from tests.pages.checkout.buying import BuyingBrowser, shown

CONFIRM = "tok_confirm"
HEADING = "Please confirm your payment"
KEY = "pk_test_0123456789"


def interrupted(buyer: BuyingBrowser, payment: str = CONFIRM) -> str:
    """Return the path of an order whose payment is to be confirmed; its page has the button."""
    buyer.buy((buyer.shop.event().tiers[0], 2), payment=payment)
    path = f"/orders/{stored(buyer.shop)['_id']}"
    page = buyer.get(path).text
    assert HEADING in page
    assert f'action="{path}/confirm"' in page
    # It does not load itself again, and does not say so.
    assert "http-equiv" not in page
    assert "looks again" not in page
    assert f'<noscript><p>Have you confirmed the payment? <a href="{path}">' in page
    return path


def stored(shop: Shop) -> dict[str, Any]:
    order: dict[str, Any] | None = shop.db["orders"].find_one()
    assert order
    return order


def charges(shop: Shop) -> int:
    return shop.db["simulated_payments"].count_documents({"state": "succeeded"})


def test_confirmation_at_the_simulated_bank_pays_once(shop: Shop, buyer: BuyingBrowser) -> None:
    path = interrupted(buyer)
    assert charges(shop) == 0

    answers = [buyer.post(f"{path}/confirm") for _ in range(2)]

    assert [answer.location for answer in answers] == [f"{path}?placed=1"] * 2
    page = buyer.get(answers[0].location).text
    assert "Your tickets are yours" in page
    assert HEADING not in page
    assert (stored(shop)["state"], charges(shop)) == ("paid", 1)
    assert shop.db["simulated_payments"].count_documents({}) == 1
    shop.verify()


def test_confirmation_of_another_account_is_not_found(shop: Shop, buyer: BuyingBrowser) -> None:
    path = interrupted(buyer)

    answer = BuyingBrowser.signed_in(shop).post(f"{path}/confirm")

    assert answer.status_code == 404
    assert (stored(shop)["state"], charges(shop)) == ("paying", 0)


def test_confirmation_after_the_deadline_takes_no_money(shop: Shop, buyer: BuyingBrowser, clock: Clock) -> None:
    path = interrupted(buyer)
    clock.at += timedelta(minutes=11)

    assert buyer.post(f"{path}/confirm").status_code == 303
    shop.services.orders.purchases.expire.execute()
    assert buyer.post(f"{path}/confirm").status_code == 303

    assert "was not paid in time" in buyer.get(path).text
    assert (stored(shop)["state"], charges(shop)) == ("expired", 0)
    shop.verify()


def test_confirmation_while_the_provider_is_away_can_be_repeated(
    shop: Shop, buyer: BuyingBrowser, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = interrupted(buyer)

    def silent(*_: object) -> None:
        raise PaymentUnanswered

    with monkeypatch.context() as patch:
        patch.setattr(SimulatedGateway, "get", silent)
        answer = buyer.post(f"{path}/confirm")

    assert answer.status_code == 503
    assert f'action="{path}/confirm"' in answer.text
    assert buyer.post(f"{path}/confirm").status_code == 303
    assert stored(shop)["state"] == "paid"


def test_confirmation_cut_before_the_settlement_is_reconciled(
    shop: Shop, buyer: BuyingBrowser, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = interrupted(buyer)
    confirm = SimulatedGateway.confirm

    def cut(gateway: SimulatedGateway, payment: Any) -> None:
        confirm(gateway, payment)
        raise PaymentUnanswered

    with monkeypatch.context() as patch:
        patch.setattr(SimulatedGateway, "confirm", cut)
        assert buyer.post(f"{path}/confirm").status_code == 503

    clock.at += timedelta(seconds=90)
    shop.services.orders.purchases.reconcile.execute()
    assert (stored(shop)["state"], charges(shop)) == ("paid", 1)


@pytest.fixture
def fake() -> Iterator[FakeStripe]:
    with running() as started:
        yield started


@pytest.fixture
def make_card_buyer(make_app: Callable[..., Flask], clock: Clock, fake: FakeStripe) -> Callable[..., BuyingBrowser]:
    """Make a signed-in browser of a service that pays at the stand-in."""

    def make(**changes: str) -> BuyingBrowser:
        return BuyingBrowser.signed_in(StripeShop(make_app(clock=clock, **fake.environment(), **changes), fake))

    return make


@pytest.fixture
def card_buyer(make_card_buyer: Callable[..., BuyingBrowser]) -> BuyingBrowser:
    return make_card_buyer(STRIPE_PUBLISHABLE_KEY=KEY)


def test_interrupted_card_payment_continues_with_the_same_secret(card_buyer: BuyingBrowser, fake: FakeStripe) -> None:
    path = interrupted(card_buyer, NEEDS_ACTION)
    (intent,) = fake.ledger.intents.values()

    page = card_buyer.post(f"{path}/confirm")

    assert f'data-client-secret="{intent["client_secret"]}"' in page.text
    assert f'data-order="{path}"' in page.text
    assert "https://js.stripe.com" in page.headers["Content-Security-Policy"]
    assert page.headers["Cache-Control"] == "private, no-store"
    assert len(fake.ledger.intents) == 1
    assert intent["client_secret"] not in str(stored(card_buyer.shop))


def test_confirmation_without_a_publishable_key_has_no_button(make_card_buyer: Callable[..., BuyingBrowser]) -> None:
    buyer = make_card_buyer()
    buyer.buy((buyer.shop.event().tiers[0], 1), payment=NEEDS_ACTION)
    path = f"/orders/{stored(buyer.shop)['_id']}"

    page = buyer.get(path).text

    assert HEADING in page
    assert "Please confirm the payment in the app or on the site where you bought the tickets." in page
    assert f'action="{path}/confirm"' not in page
    assert buyer.post(f"{path}/confirm").status_code == 303


def test_confirmation_at_the_bank_says_that_it_needs_scripts(card_buyer: BuyingBrowser) -> None:
    path = interrupted(card_buyer, NEEDS_ACTION)

    page = card_buyer.post(f"{path}/confirm").text

    assert '<noscript><p class="summary">The window of your bank needs JavaScript.' in page
    assert "data-card-missing hidden" in page


def test_card_payment_that_succeeded_meanwhile_asks_no_more(card_buyer: BuyingBrowser, fake: FakeStripe) -> None:
    path = interrupted(card_buyer, NEEDS_ACTION)
    fake.ledger.succeed(*fake.ledger.intents)  # Its event is on the way.

    assert card_buyer.post(f"{path}/confirm").status_code == 303

    assert HEADING not in card_buyer.get(path).text
    assert (stored(card_buyer.shop)["state"], fake.ledger.balance()) == ("paid", 2000)


def test_card_payment_on_which_the_bank_works_asks_no_more(card_buyer: BuyingBrowser, fake: FakeStripe) -> None:
    path = interrupted(card_buyer, NEEDS_ACTION)
    (intent,) = fake.ledger.intents.values()
    intent["status"] = "processing"

    assert card_buyer.post(f"{path}/confirm").status_code == 303

    page = card_buyer.get(path).text
    assert HEADING not in page
    assert "still checking" in page


def reconciled_with_the_first_answer(buyer: BuyingBrowser, fake: FakeStripe, clock: Clock) -> str:
    """Return the page of an order whose buyer has confirmed, after a repeated payment with an answer from before.

    Stripe repeats the first answer of a key, and its search does not find the payment yet.
    """
    path = interrupted(buyer, NEEDS_ACTION)
    (intent,) = fake.ledger.intents.values()
    intent["status"] = "processing"
    buyer.post(f"{path}/confirm")
    clock.at += timedelta(seconds=90)
    buyer.shop.services.orders.purchases.reconcile.execute()
    assert len(fake.posts("/v1/payment_intents")) == 2
    return buyer.get(path).text


def test_confirmed_payment_is_not_asked_for_again_by_an_older_answer(
    card_buyer: BuyingBrowser, fake: FakeStripe, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(StripeGateway, "find", lambda *_: None)

    page = reconciled_with_the_first_answer(card_buyer, fake, clock)

    assert HEADING not in page
    assert "still checking" in page


def test_control_consent_that_is_forgotten_is_asked_for_again(
    card_buyer: BuyingBrowser, fake: FakeStripe, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(StripeGateway, "find", lambda *_: None)
    monkeypatch.setattr(
        "orders.payment_confirmation._consented",
        lambda order: OrderChange(before=order, after=changed(order, unconfirmed_payment_id="")),
    )

    assert HEADING in reconciled_with_the_first_answer(card_buyer, fake, clock)


def test_confirmation_that_the_provider_throttles_pauses_payments(card_buyer: BuyingBrowser, fake: FakeStripe) -> None:
    path = interrupted(card_buyer, NEEDS_ACTION)
    fake.lasting = Fault.THROTTLE

    answer = card_buyer.post(f"{path}/confirm")

    assert answer.status_code == 503
    fake.lasting = None
    card_buyer.buy((card_buyer.shop.event().tiers[0], 1), payment=APPROVED)
    assert len(fake.ledger.intents) == 1
    assert card_buyer.shop.db["orders"].count_documents({"queuedAt": {"$ne": None}}) == 1


def test_control_without_a_pause_the_next_payment_is_tried(
    card_buyer: BuyingBrowser, fake: FakeStripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PaymentQueue, "pause", lambda *_: None)
    path = interrupted(card_buyer, NEEDS_ACTION)
    fake.lasting = Fault.THROTTLE
    card_buyer.post(f"{path}/confirm")
    fake.lasting = None

    card_buyer.buy((card_buyer.shop.event().tiers[0], 1), payment=APPROVED)

    assert len(fake.ledger.intents) == 2


def test_card_payment_that_was_refused_meanwhile_is_declined(card_buyer: BuyingBrowser, fake: FakeStripe) -> None:
    path = interrupted(card_buyer, NEEDS_ACTION)
    (intent,) = fake.ledger.intents.values()
    intent["status"] = "requires_payment_method"

    assert card_buyer.post(f"{path}/confirm").status_code == 303

    assert stored(card_buyer.shop)["state"] == "declined"
    assert "The payment was declined" in shown(card_buyer.get(path))


def test_page_paid_by_the_webhook_has_no_button(card_buyer: BuyingBrowser, fake: FakeStripe) -> None:
    path = interrupted(card_buyer, NEEDS_ACTION)
    fake.ledger.succeed(*fake.ledger.intents)
    assert isinstance(card_buyer.shop, StripeShop)
    card_buyer.shop.deliver()

    assert HEADING not in card_buyer.get(path).text
    assert card_buyer.post(f"{path}/confirm").location == f"{path}?placed=1"
    assert fake.ledger.balance() == 2000


def test_control_without_the_kept_payment_the_page_has_no_button(
    shop: Shop, buyer: BuyingBrowser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orders.payment._await_buyer", lambda *_: None)
    buyer.buy((shop.event().tiers[0], 2), payment=CONFIRM)

    assert HEADING not in buyer.get(f"/orders/{stored(shop)['_id']}").text
