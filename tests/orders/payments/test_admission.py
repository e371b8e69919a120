"""Admission of orders to a provider without a rate: PAYING from the start, unless it is paused or others queue."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.mongo.client import Db
from orders.payment import PayOrder
from orders.payments.throttle_store import PaymentThrottle
from tests.orders.conftest import ManualClock
from tests.orders.payments.conftest import MakeShop
from tests.orders.payments.stripe_shop import StripeShop


class Killed(BaseException):
    """The process is killed."""


def killed(*_: object) -> None:
    raise Killed


@pytest.fixture
def shop(make_stripe_shop: MakeShop) -> StripeShop:
    return make_stripe_shop(PAYMENT_RATE="0")


def states_and_versions(db: Db) -> list[tuple[str, int]]:
    return [(order["state"], order["version"]) for order in db["orders"].find().sort("_id")]


def test_order_without_a_wait_takes_two_transactions(shop: StripeShop) -> None:
    (tier,) = shop.event().tiers

    assert shop.buy(shop.buyer(), tier).status == 201

    # Stored as PAYING, and paid.
    assert states_and_versions(shop.db) == [("paid", 2)]


def test_order_during_a_pause_queues(shop: StripeShop, clock: ManualClock) -> None:
    (tier,) = shop.event().tiers
    PaymentThrottle(shop.db, 0).pause(clock() + timedelta(seconds=30))

    answer = shop.buy(shop.buyer(), tier)

    assert (answer.status, answer.json["status"]) == (202, "PENDING")
    assert shop.db["orders"].distinct("state") == ["held"]
    assert shop.db["orders"].count_documents({"queuedAt": {"$ne": None}}) == 1
    assert shop.fake.requests == []


def test_order_behind_others_queues_after_the_pause(shop: StripeShop, clock: ManualClock) -> None:
    (tier,) = shop.event().tiers
    PaymentThrottle(shop.db, 0).pause(clock() + timedelta(seconds=5))
    shop.buy(shop.buyer(), tier)
    clock.advance(seconds=6)

    assert shop.buy(shop.buyer(), tier).status == 202

    assert shop.db["orders"].count_documents({"state": "held", "queuedAt": {"$ne": None}}) == 2


def test_order_of_a_process_killed_before_its_turn_is_paid_once(
    make_stripe_shop: MakeShop, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a rate the order is HELD when its process dies."""
    shop = make_stripe_shop(PAYMENT_RATE="1000")
    (tier,) = shop.event().tiers
    with monkeypatch.context() as patch:
        patch.setattr(PayOrder, "execute", killed)
        with pytest.raises(Killed):
            shop.buy(shop.buyer(), tier)
    assert states_and_versions(shop.db) == [("held", 1)]
    clock.advance(seconds=21)

    shop.purchases.reconcile.execute()

    assert states_and_versions(shop.db) == [("paid", 3)]
    assert len(shop.fake.posts("/v1/payment_intents")) == 1
