"""Paying by card in a browser: Stripe.js is a stand-in, under the content policy of the real addresses."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from playwright.sync_api import Page, Route, expect

from core.mongo.client import Client
from devdb.replica_set import ReplicaSet
from tests.browser.account.actions import new_email, sign_up
from tests.browser.checkout.tour import CART, CHECKOUT, ORDER, PAY, choose
from tests.browser.conftest import Visit
from tests.conftest import Served, serving
from tests.event_calls import create_event, tier_form
from tests.fake_stripe import server as fake_stripe
from tests.fake_stripe.server import FakeStripe

SCRIPT = Path(fake_stripe.__file__).with_name("stripe_js.js")
Checkout = Callable[..., Page]


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeStripe]:
    with fake_stripe.running() as started:
        yield started


@pytest.fixture(scope="module")
def site(
    replica_set: ReplicaSet, mongo: Client, tmp_path_factory: pytest.TempPathFactory, fake: FakeStripe
) -> Iterator[Served]:
    """The service, which pays at the stand-in."""
    settings = {**fake.environment(), "STRIPE_PUBLISHABLE_KEY": "pk_test_0123456789"}
    with serving(replica_set.uri, tmp_path_factory.mktemp("site"), **settings) as served:
        yield served
        mongo.drop_database(served.environment["MONGODB_DATABASE"])


@dataclass
class Stripe:
    """Answers the browser's requests to Stripe; a confirmed payment is reported by a webhook."""

    fake: FakeStripe
    site: Served
    is_reachable: bool = True
    # Whether the bank's window answers.
    is_confirmable: bool = True
    asked: set[str] = field(default_factory=set)

    def answer(self, route: Route) -> None:
        parts = urlsplit(route.request.url)
        self.asked.add(parts.netloc)
        if not self.is_reachable:
            route.abort()
        elif parts.path == "/v3/":
            route.fulfill(body=SCRIPT.read_text(), content_type="text/javascript")
        elif parts.path == "/v3/frame":
            route.fulfill(body="<!doctype html><title>Card</title>", content_type="text/html")
        elif self.is_confirmable:
            secret = route.request.post_data or ""
            self.fake.ledger.succeed(secret.partition("_secret_")[0])
            self.deliver()
            route.fulfill(body="{}", headers={"Access-Control-Allow-Origin": "*"}, content_type="application/json")

    def deliver(self) -> None:
        for body in self.fake.take_events():
            headers = {"Stripe-Signature": fake_stripe.sign(body)}
            answer = requests.post(f"{self.site.url}/api/payments/webhook", body, headers=headers, timeout=10)
            assert answer.status_code == 200


@pytest.fixture
def stripe(fake: FakeStripe, site: Served) -> Stripe:
    return Stripe(fake, site)


@pytest.fixture
def checkout(visit: Visit, site: Served, stripe: Stripe) -> Checkout:
    """Open the checkout with one ticket of an event."""

    def open_checkout(*, is_reachable: bool = True, breaks: bool = False) -> Page:
        stripe.is_reachable = is_reachable
        event: dict[str, Any] = create_event(site.api, title="Concert", tiers=[tier_form("GA", "10.00", 50)])
        page = visit(375, other_site="https://", refused=("/checkout",), breaks=breaks or not is_reachable)
        page.route(re.compile("^https:"), stripe.answer)
        sign_up(page, new_email())
        choose(page, event, 0, 1)
        page.wait_for_url(CART)
        page.locator("[name=continue]").click()
        page.wait_for_url(CHECKOUT)
        return page

    return open_checkout


def pay(page: Page, number: str) -> None:
    page.get_by_label("Card number").fill(number)
    page.locator(PAY).click()


def test_card_pays_the_order_after_its_mistakes(checkout: Checkout, stripe: Stripe) -> None:
    page = checkout()

    pay(page, "4242424242424242")  # The terms are not accepted yet.
    page.locator("#terms").check()
    pay(page, "1")
    expect(page.locator("[data-card-error]")).to_have_text("Your card number is invalid.")
    pay(page, "4000000000000002")
    expect(page.locator(".summary:not([data-card-missing])")).to_contain_text("declined", timeout=20_000)
    page.locator("#terms").check()
    pay(page, "4242424242424242")
    page.wait_for_url(ORDER)

    expect(page.locator(".ticket")).to_have_count(1)
    assert stripe.asked == {"js.stripe.com"}
    assert len(stripe.fake.posts("/v1/payment_intents")) == 2


def test_card_that_needs_confirmation_is_confirmed_at_the_bank(checkout: Checkout, stripe: Stripe) -> None:
    page = checkout()
    page.locator("#terms").check()

    pay(page, "4000000000003220")
    page.wait_for_url(ORDER)

    expect(page.locator(".ticket")).to_have_count(1, timeout=20_000)
    assert stripe.asked == {"js.stripe.com", "api.stripe.com"}


def test_unreachable_stripe_is_named_and_takes_no_payment(checkout: Checkout) -> None:
    page = checkout(is_reachable=False)

    expect(page.locator("[data-card-missing]")).to_be_visible()
    expect(page.locator(PAY)).to_be_disabled()


def test_unreachable_stripe_opens_no_bank_and_keeps_the_page(checkout: Checkout, stripe: Stripe) -> None:
    page = checkout(breaks=True)
    page.locator("#terms").check()
    stripe.is_confirmable = False
    with page.expect_request("https://api.stripe.com/**"):
        pay(page, "4000000000003220")
    expect(page.get_by_text("The window of your bank opens in a moment.")).to_be_visible()
    order = page.locator("[data-order]").get_attribute("data-order")
    stripe.is_reachable = False
    page.goto(order or "")

    page.get_by_role("button", name="Confirm the payment").click()

    expect(page.locator("[data-card-missing]")).to_be_visible()
    expect(page.get_by_text("The window of your bank opens in a moment.")).to_be_hidden()
    page.get_by_role("link", name="Show the order").click()
    stripe.is_reachable = stripe.is_confirmable = True
    page.get_by_role("button", name="Confirm the payment").click()
    expect(page.locator(".ticket")).to_have_count(1, timeout=20_000)
