"""Rounds of reconciliation: each asks about few expired orders, the newest first, and more and more seldom."""

from __future__ import annotations

from datetime import timedelta

import pytest

from orders import reconciliation
from orders.asked_orders import AskedOrders
from orders.payments.stripe import StripeGateway
from orders.reconciliation import WINDOW, ReconcilePayments
from tests.fake_stripe.ledger import PROCESSING
from tests.fake_stripe.server import Fault
from tests.orders.conftest import ManualClock
from tests.orders.payments.stripe_shop import StripeShop
from tests.orders.shop import Buyer, TierPlan


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The keys about which the provider was asked."""
    keys: list[str] = []
    monkeypatch.setattr(StripeGateway, "find", lambda _, key: keys.append(key))
    return keys


def expire(shop: StripeShop, payer: Buyer, clock: ManualClock, count: int) -> list[str]:
    """Let orders expire whose payments are in progress; return their keys, the newest first."""
    (tier,) = shop.event(TierPlan(capacity=count)).tiers
    orders = []
    for _ in range(count):
        clock.advance(seconds=1)
        orders.append(shop.buy(payer, tier, PROCESSING))
    clock.advance(seconds=700)
    assert shop.purchases.expire.execute() == count
    return [f"order-{order.json['id']}-pay-1" for order in reversed(orders)]


def test_round_asks_about_a_limited_number_newest_first(
    stripe_shop: StripeShop, payer: Buyer, clock: ManualClock, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = expire(stripe_shop, payer, clock, 5)
    monkeypatch.setattr(reconciliation, "MAX_ASKED", 2)
    clock.advance(minutes=1)

    for _ in range(3):
        stripe_shop.purchases.reconcile.ask()

    assert asked == keys


def test_pause_between_questions_doubles(
    stripe_shop: StripeShop, payer: Buyer, clock: ManualClock, asked: list[str]
) -> None:
    expire(stripe_shop, payer, clock, 1)
    minutes: list[int] = []
    for minute in range(1, 120):
        clock.advance(minutes=1)
        stripe_shop.purchases.reconcile.ask()
        if len(asked) > len(minutes):
            minutes.append(minute)

    assert minutes == [1, 2, 4, 8, 16, 32, 64]


def test_order_that_never_asked_the_provider_is_not_asked_about(
    stripe_shop: StripeShop, payer: Buyer, clock: ManualClock, asked: list[str]
) -> None:
    expire(stripe_shop, payer, clock, 1)
    stripe_shop.db["orders"].update_many({}, {"$set": {"provider": ""}})

    stripe_shop.purchases.reconcile.ask()
    stripe_shop.purchases.reconcile.ask(timedelta(days=7))

    assert asked == []


def test_round_ends_after_its_time(
    stripe_shop: StripeShop, payer: Buyer, clock: ManualClock, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    expire(stripe_shop, payer, clock, 3)
    monkeypatch.setattr(reconciliation, "ROUND_SECONDS", -1.0)

    stripe_shop.purchases.reconcile.ask()
    assert len(asked) == 1
    stripe_shop.purchases.reconcile.ask(timedelta(days=7))
    assert len(asked) == 4


def test_late_payment_of_an_expired_order_is_found_by_a_round(
    stripe_shop: StripeShop, payer: Buyer, clock: ManualClock
) -> None:
    expire(stripe_shop, payer, clock, 1)
    (intent_id,) = stripe_shop.fake.ledger.intents
    stripe_shop.fake.ledger.succeed(intent_id)
    stripe_shop.fake.take_events()

    assert stripe_shop.purchases.reconcile.ask() == 1
    stripe_shop.check()


def test_control_without_memory_each_round_asks_about_all(
    stripe_shop: StripeShop, payer: Buyer, clock: ManualClock, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    expire(stripe_shop, payer, clock, 3)
    monkeypatch.setattr(AskedOrders, "_is_due", lambda *_: True)
    clock.advance(minutes=10)

    for _ in range(4):
        stripe_shop.purchases.reconcile.ask()

    assert len(asked) == 12


def test_memory_ends_with_the_window(stripe_shop: StripeShop, payer: Buyer, clock: ManualClock) -> None:
    expire(stripe_shop, payer, clock, 1)
    stripe_shop.fake.lasting = Fault.ERROR_BEFORE
    reconcile: ReconcilePayments = stripe_shop.purchases.reconcile
    reconcile.ask()
    assert len(reconcile.asked._asked_at) == 1

    clock.advance(seconds=WINDOW.total_seconds() + 1)
    reconcile.ask()

    assert reconcile.asked._asked_at == {}
