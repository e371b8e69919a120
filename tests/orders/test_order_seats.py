"""Seats of orders that come from a hold: sold with the payment, free after the end of the order."""

from __future__ import annotations

import pytest

from events.model import Event
from orders.order_seats import OrderSeats
from orders.payments.gateway import Payment, PaymentState
from tests.event_calls import new_tier, store_event
from tests.orders.conftest import ManualClock
from tests.orders.shop import Buyer, Shop


@pytest.fixture
def seated(shop: Shop) -> Event:
    return store_event(shop.db, new_tier(price=1000, capacity=1, seats=["A1"]))


@pytest.fixture
def offer_id(shop: Shop, buyer: Buyer, seated: Event) -> str:
    """The hold of an offer of the only seat to `buyer`."""
    owner = shop.buyer()
    reserve = f"/api/events/{seated.id}/reserve"
    assert owner.send("POST", reserve).status == 201
    waitlist = f"/api/tiers/{seated.tiers[0].id}/waitlist"
    assert buyer.send("POST", waitlist, json={"quantity": 1}).status == 202
    assert owner.send("DELETE", reserve).status == 200
    hold = shop.db["holds"].find_one({"accountId": buyer.id, "kind": "offer"})
    assert hold
    return str(hold["_id"])


def seat(shop: Shop) -> tuple[bool, bool]:
    """Return whether the seat has a holder, and whether it is sold."""
    row = shop.db["seats"].find_one()
    assert row
    assert shop.services.orders.find_mismatches.execute() == []
    return row["holder"] is not None, row["sold"]


def expire(shop: Shop, clock: ManualClock) -> None:
    clock.advance(hours=1)
    shop.services.orders.purchases.expire.execute()


def test_paid_order_has_its_seat_until_it_is_cancelled(shop: Shop, buyer: Buyer, offer_id: str) -> None:
    paid = buyer.order(holdId=offer_id)

    assert paid.status == 201
    assert shop.db["tickets"].distinct("seat") == ["A1"]
    assert seat(shop) == (True, True)
    assert buyer.send("POST", f"/api/orders/{paid.json['id']}/cancel").status == 200
    assert seat(shop) == (False, False)


def test_expired_order_frees_its_seat(shop: Shop, buyer: Buyer, offer_id: str, clock: ManualClock) -> None:
    assert buyer.order(holdId=offer_id, paymentToken="tok_late").status == 202
    assert seat(shop) == (True, False)

    expire(shop, clock)

    assert seat(shop) == (False, False)


def test_declined_order_leaves_the_seat_to_its_hold(shop: Shop, buyer: Buyer, offer_id: str) -> None:
    assert buyer.order(holdId=offer_id, paymentToken="tok_decline").status == 402
    assert seat(shop) == (True, False)

    assert buyer.order(holdId=offer_id).status == 201
    assert seat(shop) == (True, True)


def test_declined_order_leaves_the_seat_though_the_buyer_has_a_cart(shop: Shop, buyer: Buyer, offer_id: str) -> None:
    (other,) = shop.event().tiers
    cart = buyer.hold((other, 1)).json

    assert buyer.order(holdId=offer_id, paymentToken="tok_decline").status == 402

    assert seat(shop) == (True, False)
    assert buyer.order(holdId=offer_id).status == 201
    assert buyer.order(holdId=cart["id"]).status == 201


def test_returned_payment_frees_the_seat(shop: Shop, buyer: Buyer, offer_id: str) -> None:
    order_id = buyer.order(holdId=offer_id, paymentToken="tok_late").json["id"]
    wrong = Payment(id="pay_1", order_id=order_id, amount=1, currency="USD", state=PaymentState.SUCCEEDED)

    shop.services.orders.purchases.place.pay.settle.execute(wrong)

    assert seat(shop) == (False, False)


def test_payment_after_expiry_of_a_seat_is_returned(
    shop: Shop, buyer: Buyer, seated: Event, offer_id: str, clock: ManualClock
) -> None:
    order_id = buyer.order(holdId=offer_id, paymentToken="tok_late").json["id"]
    expire(shop, clock)
    assert shop.buyer().send("POST", f"/api/events/{seated.id}/reserve").json["seat"] == "A1"
    late = Payment(id="pay_1", order_id=order_id, amount=1000, currency="USD", state=PaymentState.SUCCEEDED)

    order = shop.services.orders.purchases.place.pay.settle.execute(late)

    assert [refund.amount for refund in order.refunds] == [1000]
    assert shop.db["tickets"].count_documents({}) == 0


def test_control_without_release_an_expired_order_keeps_its_seat(
    shop: Shop, buyer: Buyer, offer_id: str, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    buyer.order(holdId=offer_id, paymentToken="tok_late")
    monkeypatch.setattr(OrderSeats, "release", lambda *_: None)

    expire(shop, clock)

    assert shop.services.orders.find_mismatches.execute()
