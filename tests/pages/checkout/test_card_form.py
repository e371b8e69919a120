"""Stripe's card form: only the pages that need it load it, and only with a publishable key."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from core.web.application import Application
from core.web.security_headers import CONTENT_POLICY
from tests.api.conftest import Clock
from tests.fake_stripe.ledger import APPROVED, DECLINED, NEEDS_ACTION
from tests.fake_stripe.server import FakeStripe, running
from tests.orders.shop import Shop, TierPlan
from tests.pages.checkout.buying import BuyingBrowser, shown

KEY = "pk_test_0123456789"
POLICY = "Content-Security-Policy"
SCRIPT = 'src="https://js.stripe.com/v3/"'


@pytest.fixture
def fake() -> Iterator[FakeStripe]:
    with running() as started:
        yield started


@pytest.fixture
def make_buyer(make_app: Callable[..., Flask], clock: Clock, fake: FakeStripe) -> Callable[..., BuyingBrowser]:
    """Make a signed-in browser of a service that pays at the stand-in."""

    def make(**changes: str) -> BuyingBrowser:
        return BuyingBrowser.signed_in(Shop(make_app(clock=clock, **fake.environment(), **changes)))

    return make


@pytest.fixture
def buyer(make_buyer: Callable[..., BuyingBrowser]) -> BuyingBrowser:
    return make_buyer(STRIPE_PUBLISHABLE_KEY=KEY)


def test_checkout_alone_loads_the_card_form(buyer: BuyingBrowser) -> None:
    event = buyer.shop.event()
    buyer.choose((event.tiers[0], 1))

    page = buyer.get("/checkout")

    assert SCRIPT in page.text
    assert f'data-card="{KEY}"' in page.text
    assert page.headers.getlist(POLICY) == [page.headers[POLICY]]
    assert "script-src 'self' https://js.stripe.com https://*.js.stripe.com;" in page.headers[POLICY]
    assert "connect-src 'self' https://api.stripe.com;" in page.headers[POLICY]
    assert page.headers[POLICY].endswith(
        "; frame-src https://js.stripe.com https://*.js.stripe.com https://hooks.stripe.com"
    )
    for path in ("/cart", "/events", f"/events/{event.id}", "/my/orders", "/my/tickets", "/"):
        other = buyer.get(path)
        assert "stripe" not in "".join(other.headers.getlist(POLICY)), path
        assert "stripe" not in other.text, path


def test_control_page_without_a_policy_of_its_own_blocks_the_card_form(
    buyer: BuyingBrowser, monkeypatch: pytest.MonkeyPatch
) -> None:
    buyer.choose((buyer.shop.event().tiers[0], 1))
    monkeypatch.setattr("pages.checkout.checkout_page.allow_stripe", lambda _: None)

    assert buyer.get("/checkout").headers.getlist(POLICY) == [CONTENT_POLICY]
    assert isinstance(buyer.shop.app, Application)


def test_free_order_loads_no_card_form(buyer: BuyingBrowser) -> None:
    buyer.choose((buyer.shop.event(TierPlan(price=0)).tiers[0], 1))

    page = buyer.get("/checkout")

    assert "stripe" not in page.text
    assert page.headers[POLICY] == CONTENT_POLICY


def test_stripe_without_a_publishable_key_takes_no_card(make_buyer: Callable[..., BuyingBrowser]) -> None:
    buyer = make_buyer()
    buyer.choose((buyer.shop.event().tiers[0], 1))

    page = buyer.get("/checkout")

    assert "Card payments are not set up" in page.text
    assert "stripe.com" not in page.text
    assert page.headers[POLICY] == CONTENT_POLICY


def test_approved_card_leads_to_the_order(buyer: BuyingBrowser, fake: FakeStripe) -> None:
    (tier,) = buyer.shop.event().tiers

    answer = buyer.buy((tier, 2), payment=APPROVED)

    assert answer.status_code == 303
    assert "Your tickets are yours" in buyer.get(answer.location).text
    assert fake.ledger.balance() == 2000


def test_declined_card_leads_back_to_the_card_form(buyer: BuyingBrowser) -> None:
    (tier,) = buyer.shop.event().tiers

    answer = buyer.buy((tier, 1), payment=DECLINED)

    assert answer.status_code == 402
    assert "choose another way to pay" in answer.text
    assert SCRIPT in answer.text
    assert buyer.post("/checkout", buyer.checkout_form(payment=APPROVED)).status_code == 303


def test_card_that_needs_confirmation_leads_to_the_bank(buyer: BuyingBrowser, fake: FakeStripe) -> None:
    (tier,) = buyer.shop.event().tiers

    answer = buyer.buy((tier, 1), payment=NEEDS_ACTION)

    (intent,) = fake.ledger.intents.values()
    (order,) = buyer.shop.db["orders"].find()
    assert answer.status_code == 200
    assert f'data-client-secret="{intent["client_secret"]}"' in answer.text
    assert f'data-order="/orders/{order["_id"]}"' in answer.text
    assert "https://js.stripe.com" in answer.headers[POLICY]
    assert answer.headers["Cache-Control"] == "private, no-store"
    order_page = buyer.get(f"/orders/{order['_id']}")
    assert "Please confirm your payment" in order_page.text
    assert intent["client_secret"] not in order_page.text
    assert order_page.headers[POLICY] == CONTENT_POLICY


def test_form_without_a_card_is_shown_again(buyer: BuyingBrowser, fake: FakeStripe) -> None:
    buyer.choose((buyer.shop.event().tiers[0], 1))
    form = buyer.checkout_form()

    empty = buyer.post("/checkout", {**form, "payment": ""})
    unknown = buyer.post("/checkout", {**form, "payment": "tok_approve"})

    assert (empty.status_code, unknown.status_code) == (400, 400)
    assert SCRIPT in empty.text
    assert "Choose how you want to pay." in shown(unknown)
    assert fake.ledger.intents == {}
