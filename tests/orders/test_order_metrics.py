"""Counts of orders by outcome: each order once, when its change is committed."""

from __future__ import annotations

import pytest
from prometheus_client import REGISTRY

from orders.payments.gateway import Payment, PaymentState
from tests.orders.shop import Shop, TierPlan

OUTCOMES = ("paid", "free", "declined", "expired", "refunded", "cancelled")


def counts() -> dict[str, float]:
    return {outcome: REGISTRY.get_sample_value("orders_total", {"outcome": outcome}) or 0.0 for outcome in OUTCOMES}


def added(before: dict[str, float]) -> dict[str, float]:
    return {outcome: count - before[outcome] for outcome, count in counts().items() if count != before[outcome]}


def test_payment_notified_twice_is_counted_once(shop: Shop) -> None:
    (tier,) = shop.event().tiers
    before = counts()
    order_id = shop.buyer().order((tier, 2)).json["id"]
    order = shop.services.orders.purchases.change.orders.get(order_id)
    payment = Payment(
        id=order.payment_id,
        order_id=order_id,
        state=PaymentState.SUCCEEDED,
        amount=order.total,
        currency=order.currency,
    )

    shop.services.orders.purchases.place.pay.settle.execute(payment)

    assert added(before) == {"paid": 1}


@pytest.mark.parametrize(("price", "token", "outcome"), [(0, "tok_approve", "free"), (1000, "tok_decline", "declined")])
def test_order_is_counted_by_its_outcome(shop: Shop, price: int, token: str, outcome: str) -> None:
    (tier,) = shop.event(TierPlan(price=price)).tiers
    before = counts()

    shop.buyer().order((tier, 1), paymentToken=token)

    assert added(before) == {outcome: 1}


def test_free_order_of_a_sold_out_tier_is_not_counted(shop: Shop) -> None:
    (tier,) = shop.event(TierPlan(price=0, capacity=1)).tiers
    before = counts()

    assert shop.buyer().order((tier, 2)).status == 409

    assert added(before) == {}
