"""Leases of orders that are PAYING from the start: after a long wait for the database they are taken again."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from orders.model import Order
from orders.payment import Attempt, PayOrder
from tests.orders.conftest import ManualClock
from tests.orders.shop import Buyer, Shop

Meanwhile = Callable[[], object]


def delay_payment(monkeypatch: pytest.MonkeyPatch, meanwhile: Meanwhile) -> None:
    """Let `meanwhile` happen between the first transaction of an order and its payment."""
    execute = PayOrder.execute_prepared

    def delayed(pay: PayOrder, order: Order) -> Attempt:
        meanwhile()
        return execute(pay, order)

    monkeypatch.setattr(PayOrder, "execute_prepared", delayed)


@pytest.fixture
def expired_meanwhile(shop: Shop, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    def expire() -> None:
        clock.advance(seconds=1000)
        assert shop.services.orders.purchases.expire.execute() == 1

    delay_payment(monkeypatch, expire)


def test_late_process_takes_its_lease_again(
    shop: Shop, buyer: Buyer, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tier,) = shop.event().tiers
    delay_payment(monkeypatch, lambda: clock.advance(seconds=15))

    assert buyer.order((tier, 1)).status == 201

    stored = shop.db["orders"].find_one()
    assert stored
    # Stored, taken again, paid.
    assert stored["version"] == 3
    assert shop.db["simulated_payments"].count_documents({}) == 1


@pytest.mark.usefixtures("expired_meanwhile")
def test_order_that_has_expired_meanwhile_is_not_charged(shop: Shop, buyer: Buyer) -> None:
    (tier,) = shop.event().tiers

    buyer.order((tier, 1))

    assert shop.db["orders"].distinct("state") == ["expired"]
    assert shop.db["simulated_payments"].count_documents({}) == 0
    assert shop.stock(tier.id) == (0, 0)


@pytest.mark.usefixtures("expired_meanwhile")
def test_control_without_the_second_lease_an_expired_order_is_charged(
    shop: Shop, buyer: Buyer, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tier,) = shop.event().tiers
    monkeypatch.setattr(PayOrder, "_renew", PayOrder._pay)

    buyer.order((tier, 1))

    assert shop.db["simulated_payments"].count_documents({}) == 1
