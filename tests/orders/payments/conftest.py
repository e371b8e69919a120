"""Fixtures of payments: a shop that pays at the stand-in for Stripe."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from tests.fake_stripe.server import FakeStripe, running
from tests.orders.conftest import ManualClock
from tests.orders.payments.stripe_shop import StripeShop
from tests.orders.shop import Buyer

MakeShop = Callable[..., StripeShop]


@pytest.fixture
def fake() -> Iterator[FakeStripe]:
    with running() as started:
        yield started


@pytest.fixture
def make_stripe_shop(make_app: Callable[..., Flask], fake: FakeStripe, clock: ManualClock) -> MakeShop:
    """Make an application with the clock `clock` that pays at `fake`; settings can be changed."""

    def make(**changes: str) -> StripeShop:
        settings = {"ACCESS_TOKEN_SECONDS": "86400", **fake.environment(), **changes}
        return StripeShop(make_app(clock=clock, **settings), fake)

    return make


@pytest.fixture
def stripe_shop(make_stripe_shop: MakeShop) -> StripeShop:
    return make_stripe_shop()


@pytest.fixture
def payer(stripe_shop: StripeShop) -> Buyer:
    """A buyer of `stripe_shop`."""
    return stripe_shop.buyer()
