"""Reconciliation in both directions: each planted difference between orders and payments is found, once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from core import metrics
from orders.payment_comparison import ComparePayments
from orders.reconciliation import COMMAND_WINDOW
from tests.api_client import Answer
from tests.fake_stripe.ledger import NEEDS_ACTION
from tests.fake_stripe.server import Fault
from tests.orders.conftest import ManualClock
from tests.orders.payments.stripe_shop import StripeShop
from tests.orders.shop import Buyer, TierPlan

Plant = Callable[[StripeShop, dict[str, Any]], None]


def refunded(shop: StripeShop, intent: dict[str, Any]) -> None:
    shop.fake.ledger.create_refund({"payment_intent": intent["id"], "amount": "400"})


def missing(shop: StripeShop, intent: dict[str, Any]) -> None:
    del shop.fake.ledger.intents[intent["id"]]


def cancelled(_: StripeShop, intent: dict[str, Any]) -> None:
    intent["status"] = "canceled"


def other_amount(_: StripeShop, intent: dict[str, Any]) -> None:
    intent["amount_received"] = 900


def other_currency(_: StripeShop, intent: dict[str, Any]) -> None:
    intent["currency"] = "eur"


def unknown_refund(shop: StripeShop, intent: dict[str, Any]) -> None:
    refund = {
        "id": "r", "paymentId": intent["id"], "amount": 100, "state": "succeeded", "dueAt": shop.now, "attempts": 1
    }  # fmt: skip
    shop.db["orders"].update_one({"_id": intent["metadata"]["orderId"]}, {"$set": {"refunds": [refund]}})


@pytest.fixture
def paid(stripe_shop: StripeShop, payer: Buyer) -> Answer:
    (tier,) = stripe_shop.event(TierPlan(capacity=3)).tiers
    return stripe_shop.buy(payer, tier)


def differences(kind: str) -> float:
    return float(metrics.PAYMENT_DIFFERENCES.labels(kind)._value.get())


def flags(shop: StripeShop) -> list[str]:
    return [row.get("flag", "") for row in shop.db["orders"].find()]


@pytest.mark.parametrize(
    ("plant", "flag"),
    [
        (refunded, "refunded_at_provider"),
        (missing, "payment_missing"),
        (cancelled, "payment_missing"),
        (other_amount, "amount_mismatch"),
        (other_currency, "amount_mismatch"),
        (unknown_refund, "refund_missing"),
    ],
)
def test_planted_difference_of_a_paid_order_is_flagged_once(
    stripe_shop: StripeShop, paid: Answer, clock: ManualClock, plant: Plant, flag: str
) -> None:
    (intent,) = list(stripe_shop.fake.ledger.intents.values())
    assert stripe_shop.purchases.reconcile.execute() == 0
    plant(stripe_shop, intent)
    clock.advance(minutes=3)
    before = differences(flag)

    rounds = [stripe_shop.purchases.reconcile.execute() for _ in range(3)]
    rounds.append(stripe_shop.purchases.reconcile.execute(COMMAND_WINDOW))

    assert rounds == [1, 0, 0, 0]
    assert stripe_shop.stored(paid)["flag"] == flag
    assert differences(flag) == before + 1
    assert stripe_shop.state(paid) == "paid"


def test_payment_that_a_list_shows_as_unpaid_for_a_moment_is_no_difference(
    stripe_shop: StripeShop, paid: Answer, clock: ManualClock
) -> None:
    (intent,) = list(stripe_shop.fake.ledger.intents.values())
    intent["status"] = "processing"
    clock.advance(minutes=1)

    assert stripe_shop.purchases.reconcile.execute() == 0
    intent["status"] = "succeeded"
    clock.advance(minutes=3)

    assert stripe_shop.purchases.reconcile.execute() == 0
    assert stripe_shop.stored(paid)["flag"] == ""


def test_payment_of_no_possible_amount_does_not_stop_the_comparison(
    stripe_shop: StripeShop, paid: Answer, clock: ManualClock
) -> None:
    (intent,) = list(stripe_shop.fake.ledger.intents.values())
    stripe_shop.fake.ledger.plant("another-shop-1", 101, "ugx")
    intent["amount_received"] = 900
    clock.advance(minutes=3)

    assert stripe_shop.purchases.reconcile.execute() == 1
    assert stripe_shop.stored(paid)["flag"] == "amount_mismatch"


def test_control_without_the_comparison_no_difference_is_found(
    stripe_shop: StripeShop, paid: Answer, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    (intent,) = list(stripe_shop.fake.ledger.intents.values())
    monkeypatch.setattr(ComparePayments, "execute", lambda *_: 0)
    missing(stripe_shop, intent)
    clock.advance(minutes=3)

    assert stripe_shop.purchases.reconcile.execute() == 0
    assert stripe_shop.stored(paid).get("flag", "") == ""


def test_payment_of_which_the_order_does_not_know_is_settled(
    stripe_shop: StripeShop, payer: Buyer, clock: ManualClock
) -> None:
    fake = stripe_shop.fake
    (tier,) = stripe_shop.event(TierPlan(capacity=2)).tiers
    waiting = stripe_shop.buy(payer, tier, NEEDS_ACTION)
    expired = stripe_shop.buy(payer, tier, NEEDS_ACTION)
    paid_twice = stripe_shop.buy(payer, stripe_shop.event().tiers[0])
    clock.advance(seconds=600)
    stripe_shop.purchases.expire.execute()
    assert stripe_shop.buy(stripe_shop.buyer(), tier).status == 201
    for order in (waiting, expired):
        fake.ledger.succeed(fake.ledger.of_order(order.json["id"])[0]["id"])
    fake.ledger.plant(paid_twice.json["id"], 1000)
    fake.take_events()

    assert stripe_shop.purchases.reconcile.compare.execute_new(COMMAND_WINDOW) == 3
    stripe_shop.purchases.refunds.execute()
    clock.advance(minutes=3)

    assert sorted([stripe_shop.state(waiting), stripe_shop.state(expired)]) == ["paid", "refunded"]
    assert stripe_shop.state(paid_twice) == "paid"
    assert fake.ledger.balance() == 3000
    assert stripe_shop.purchases.reconcile.execute(COMMAND_WINDOW) == 0
    assert flags(stripe_shop) == [""] * 4
    stripe_shop.check()


def test_payment_of_an_unknown_order_is_reported_once_and_not_touched(stripe_shop: StripeShop, paid: Answer) -> None:
    stripe_shop.fake.ledger.plant("no-such-order", 500)
    before = differences("unknown_order")

    assert [stripe_shop.purchases.reconcile.execute() for _ in range(3)] == [1, 0, 0]
    assert differences("unknown_order") == before + 1
    assert stripe_shop.fake.ledger.balance() == 1500
    assert stripe_shop.state(paid) == "paid"


def test_own_refunds_are_no_difference(stripe_shop: StripeShop, payer: Buyer, paid: Answer, clock: ManualClock) -> None:
    assert payer.send("POST", f"/api/orders/{paid.json['id']}/cancel").status == 200
    clock.advance(minutes=3)

    assert stripe_shop.purchases.reconcile.execute(COMMAND_WINDOW) == 0
    assert flags(stripe_shop) == [""]


def test_comparison_reads_more_payments_than_a_page(stripe_shop: StripeShop, paid: Answer) -> None:
    for number in range(150):
        stripe_shop.fake.ledger.plant(f"unknown-{number}", 1)

    assert stripe_shop.purchases.reconcile.execute() == 150
    assert stripe_shop.state(paid) == "paid"


def test_silent_provider_ends_the_comparison_and_it_is_repeated(stripe_shop: StripeShop, paid: Answer) -> None:
    stripe_shop.fake.ledger.plant("no-such-order", 500)
    stripe_shop.fake.lasting = Fault.ERROR_BEFORE
    assert stripe_shop.purchases.reconcile.execute() == 0
    assert stripe_shop.purchases.reconcile.compare.progress.until is None

    stripe_shop.fake.lasting = None

    assert stripe_shop.purchases.reconcile.execute() == 1
    assert stripe_shop.state(paid) == "paid"


def test_command_reconciles_and_prints_the_number(stripe_shop: StripeShop, paid: Answer) -> None:
    stripe_shop.fake.ledger.plant("no-such-order", 500)

    result = stripe_shop.app.test_cli_runner().invoke(args=["payments", "reconcile"])

    assert result.exit_code == 0
    assert "1" in result.output
    assert stripe_shop.state(paid) == "paid"
