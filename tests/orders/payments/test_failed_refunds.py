"""Refunds that fail: tried again with a new key a few times, then the order is flagged."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from orders.model import RefundState
from orders.payments.gateway import RepaymentFailed, RepaymentRefused
from orders.payments.stripe import StripeGateway
from orders.refund_record import MAX_FAILURES
from tests.api_client import Answer
from tests.orders.conftest import ManualClock
from tests.orders.payments.stripe_shop import StripeShop
from tests.orders.shop import Buyer


@pytest.fixture
def cancelled(stripe_shop: StripeShop, payer: Buyer) -> Answer:
    """An order that was paid and cancelled, with its events delivered."""
    (tier,) = stripe_shop.event().tiers
    paid = stripe_shop.buy(payer, tier)
    assert payer.send("POST", f"/api/orders/{paid.json['id']}/cancel").json["refund"]["status"] == "succeeded"
    stripe_shop.deliver()
    return paid


def fail_last(shop: StripeShop) -> None:
    """Let the last refund fail, and deliver its event twice."""
    shop.fake.ledger.fail_refund(list(shop.fake.ledger.refunds)[-1])
    events = shop.fake.take_events()
    shop.deliver([*events, *events])
    (intent,) = shop.fake.ledger.intents.values()
    (refund,) = [row for row in shop.fake.ledger.refunds.values() if row["payment_intent"] == intent["id"]][-1:]
    shop.deliver([shop.fake.event("refund.updated", refund)])


def shown(payer: Buyer, order: Answer) -> Any:
    return payer.send("GET", f"/api/orders/{order.json['id']}").json["refund"]


def test_refund_that_fails_later_is_tried_again_with_a_new_key(
    stripe_shop: StripeShop, payer: Buyer, cancelled: Answer, clock: ManualClock
) -> None:
    fail_last(stripe_shop)

    assert shown(payer, cancelled) == {"status": "pending", "amount": "10.00"}
    clock.advance(minutes=59)
    assert stripe_shop.purchases.refunds.execute() == 0
    clock.advance(minutes=1)
    assert stripe_shop.purchases.refunds.execute() == 1

    assert len(set(stripe_shop.fake.posts("/v1/refunds"))) == 2
    assert stripe_shop.fake.ledger.balance() == 0
    assert shown(payer, cancelled) == {"status": "succeeded", "amount": "10.00"}
    assert stripe_shop.stored(cancelled)["flag"] == ""
    stripe_shop.check()


def test_refund_that_fails_too_often_flags_the_order(
    stripe_shop: StripeShop, payer: Buyer, cancelled: Answer, clock: ManualClock
) -> None:
    for _ in range(MAX_FAILURES):
        fail_last(stripe_shop)
        clock.advance(days=1)
        stripe_shop.purchases.refunds.execute()

    assert len(stripe_shop.fake.posts("/v1/refunds")) == MAX_FAILURES
    assert shown(payer, cancelled) == {"status": "failed", "amount": "10.00"}
    assert stripe_shop.stored(cancelled)["flag"] == "refund_failed"
    assert stripe_shop.stored(cancelled)["refundDueAt"] is None


def test_control_without_a_new_key_the_money_never_goes_back(
    stripe_shop: StripeShop, cancelled: Answer, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "orders.payment_reports.after_failure", lambda refund, _: replace(refund, state=RefundState.PENDING)
    )
    fail_last(stripe_shop)
    clock.advance(days=1)
    stripe_shop.purchases.refunds.execute()

    assert stripe_shop.fake.ledger.balance() == 1000


@pytest.mark.parametrize(
    ("error", "status", "flag"), [(RepaymentRefused, "failed", "refund_failed"), (RepaymentFailed, "pending", "")]
)
def test_refund_refused_at_once_is_flagged_and_a_failed_one_tried_again(
    stripe_shop: StripeShop, payer: Buyer, monkeypatch: pytest.MonkeyPatch,
    error: type[Exception], status: str, flag: str,
) -> None:  # fmt: skip
    (tier,) = stripe_shop.event().tiers
    paid = stripe_shop.buy(payer, tier)

    def fail(*_: Any) -> None:
        raise error

    monkeypatch.setattr(StripeGateway, "refund", fail)
    answer = payer.send("POST", f"/api/orders/{paid.json['id']}/cancel")

    assert answer.json["refund"]["status"] == status
    assert stripe_shop.stored(paid)["flag"] == flag


@pytest.mark.parametrize("status", ["failed", "canceled"])
def test_refund_answered_as_failed_is_a_failed_one(
    stripe_shop: StripeShop, payer: Buyer, monkeypatch: pytest.MonkeyPatch, status: str
) -> None:
    (tier,) = stripe_shop.event().tiers
    paid = stripe_shop.buy(payer, tier)
    create = stripe_shop.fake.ledger.create_refund

    def failed(fields: Any) -> Any:
        code, refund = create(fields)
        stripe_shop.fake.ledger.intents[refund["payment_intent"]]["latest_charge"]["amount_refunded"] = 0
        return code, {**refund, "status": status}

    monkeypatch.setattr(stripe_shop.fake.ledger, "create_refund", failed)

    assert payer.send("POST", f"/api/orders/{paid.json['id']}/cancel").json["refund"]["status"] == "pending"
    assert stripe_shop.stored(paid)["refunds"][0]["failures"] == 1


def test_refund_that_fails_behind_another_flag_is_reported(
    stripe_shop: StripeShop, payer: Buyer, cancelled: Answer, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    reported: list[str] = []
    monkeypatch.setattr("orders.payment_flags.report", lambda kind, _: reported.append(kind))
    stripe_shop.db["orders"].update_one({}, {"$set": {"flag": "amount_mismatch"}})

    for _ in range(MAX_FAILURES):
        fail_last(stripe_shop)
        clock.advance(days=1)
        stripe_shop.purchases.refunds.execute()

    assert reported == ["refund_failed"]
    assert stripe_shop.stored(cancelled)["flag"] == "amount_mismatch"
