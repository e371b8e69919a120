"""Periodic work on orders: one that fails does not stop the others, and a silent provider ends the round."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from core.errors import Unavailable
from inventory.group_commit import GroupCommit
from orders import deadline_expiry, payment_order_store
from orders.payment import PayOrder
from orders.payments.gateway import PaymentUnanswered
from orders.payments.simulated import SimulatedGateway
from orders.refunds import ExecuteRefunds
from tests.orders.conftest import ManualClock
from tests.orders.shop import Buyer, Shop


@pytest.fixture(autouse=True)
def no_pause(shop: Shop) -> None:
    """Let the simulated provider's time-out take no time."""
    object.__setattr__(shop.services.orders.purchases.place.pay.gateway.times, "sleep", lambda _: None)  # type: ignore[attr-defined]


def unpaid(shop: Shop, buyer: Buyer, count: int) -> list[str]:
    (tier,) = shop.event().tiers
    return [buyer.order((tier, 1), paymentToken="tok_timeout").json["id"] for _ in range(count)]


def states(shop: Shop, order_ids: list[str]) -> list[str]:
    return [shop.db["orders"].find_one({"_id": order_id})["state"] for order_id in order_ids]  # type: ignore[index]


def test_expiry_of_a_bad_order_ends_the_others(
    shop: Shop, buyer: Buyer, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_ids = unpaid(shop, buyer, 3)
    clock.advance(seconds=600)
    submit = GroupCommit.submit

    def fail_first(group_commit: GroupCommit, request: Any) -> Any:
        if request.detail.after.id == order_ids[0]:
            raise Unavailable
        return submit(group_commit, request)

    with monkeypatch.context() as patch:
        patch.setattr(GroupCommit, "submit", fail_first)
        assert shop.services.orders.purchases.expire.execute() == 2

    assert states(shop, order_ids) == ["paying", "expired", "expired"]
    assert shop.services.orders.purchases.expire.execute() == 1


def test_expiry_ends_more_orders_than_a_batch(
    shop: Shop, buyer: Buyer, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    unpaid(shop, buyer, 3)
    clock.advance(seconds=600)
    monkeypatch.setattr(deadline_expiry, "BATCH_SIZE", 1)

    assert shop.services.orders.purchases.expire.execute() == 3


def test_tickets_of_an_order_another_process_ended_are_claimed(
    shop: Shop, buyer: Buyer, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_ids = unpaid(shop, buyer, 1)
    expire = shop.services.orders.purchases.expire
    clock.advance(seconds=600)
    found = shop.services.orders.purchases.change.orders.get(order_ids[0])
    expire.execute()
    monkeypatch.setattr(type(expire.store), "expired_of", lambda *_: [found])

    assert expire.end_expired_of(list(found.lines))


def test_refund_of_a_bad_order_leaves_the_others(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[_Named] = []

    def fail_first(_: ExecuteRefunds, order: _Named) -> None:
        tried.append(order)
        if len(tried) == 1:
            raise Unavailable

    refunds = shop.services.orders.purchases.refunds
    first, second = [_Named("a"), _Named("b")]
    monkeypatch.setattr(type(refunds.change.orders), "with_due_refunds", lambda *_: [first, second])
    monkeypatch.setattr(ExecuteRefunds, "execute_of", fail_first)

    assert refunds.execute() == 2
    assert tried == [first, second]


class _Named:
    """An order of which only the id is read."""

    def __init__(self, order_id: str) -> None:
        self.id = order_id


def test_reconciliation_of_a_bad_order_asks_about_the_others(
    shop: Shop, buyer: Buyer, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_ids = unpaid(shop, buyer, 3)
    clock.advance(seconds=600)
    shop.services.orders.purchases.expire.execute()
    shop.db["simulated_payments"].update_many({}, {"$set": {"state": "succeeded"}})
    reconcile = PayOrder.reconcile

    def fail_newest(pay: PayOrder, order: Any) -> Any:
        if order.id == order_ids[-1]:
            raise Unavailable
        return reconcile(pay, order)

    monkeypatch.setattr(PayOrder, "reconcile", fail_newest)
    monkeypatch.setattr(payment_order_store, "PAGE", 1)

    assert shop.services.orders.purchases.reconcile.ask(timedelta(hours=1)) == 2
    assert states(shop, order_ids) == ["paid", "paid", "expired"]


def test_reconciliation_ends_at_the_first_unanswered_question(
    shop: Shop, buyer: Buyer, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    unpaid(shop, buyer, 3)
    clock.advance(seconds=21)
    asked = []

    def silent(_: SimulatedGateway, key: str) -> None:
        asked.append(key)
        raise PaymentUnanswered

    monkeypatch.setattr(SimulatedGateway, "find", silent)

    assert shop.services.orders.purchases.reconcile.execute() == 0
    assert len(asked) == 1
