"""Seats of orders: sold with the payment, free after the end of the order or with a void ticket."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from events.model import Event, Tier
from orders.model import Order, OrderState
from orders.order_seats import OrderSeats
from orders.payments.gateway import Payment, PaymentState
from tests.event_calls import new_tier, store_event
from tests.orders.conftest import ManualClock
from tests.orders.shop import Buyer, Shop, TierPlan


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


def late(shop: Shop, order: dict[str, Any]) -> Order:
    """Tell the service that the provider has taken the money of an order."""
    payment = Payment(id="pay_1", order_id=order["id"], amount=1000, currency="USD", state=PaymentState.SUCCEEDED)
    return shop.services.orders.purchases.place.pay.settle.execute(payment)


@pytest.fixture
def tier(shop: Shop) -> Tier:
    return shop.event(TierPlan("VIP", 1000, seats=["A1", "A2", "A3"])).tiers[0]


def test_order_of_named_seats_has_them_on_its_tickets(shop: Shop, buyer: Buyer, tier: Tier) -> None:
    order = buyer.order((tier, ["A3", "A1"])).json

    assert [ticket["seat"] for ticket in order["tickets"]] == ["A3", "A1"]
    assert [ticket["seat"] for ticket in buyer.send("GET", "/api/tickets").json["data"]] == ["A3", "A1"]
    assert shop.seats(tier) == {"A1": "sold", "A2": "free", "A3": "sold"}
    shop.verify()


def test_order_of_a_cart_keeps_the_seats_of_the_cart(shop: Shop, buyer: Buyer, tier: Tier) -> None:
    held = buyer.hold((tier, ["A2"])).json

    order = buyer.order(holdId=held["id"]).json

    assert order["items"] == held["items"]
    assert shop.seats(tier)["A2"] == "sold"
    shop.verify()


def test_free_order_sells_the_best_available_seats(shop: Shop, buyer: Buyer) -> None:
    (tier,) = shop.event(TierPlan("VIP", 0, seats=["A1", "A2", "A3"])).tiers

    order = buyer.order((tier, 2)).json

    assert (order["status"], [ticket["seat"] for ticket in order["tickets"]]) == ("PAID", ["A1", "A2"])
    assert shop.seats(tier) == {"A1": "sold", "A2": "sold", "A3": "free"}
    shop.verify()


def test_repeated_order_answers_the_first_seats(shop: Shop, buyer: Buyer, tier: Tier) -> None:
    first = buyer.order((tier, ["A1"]), key="k")

    assert buyer.order((tier, ["A1"]), key="k").json == first.json
    assert buyer.order((tier, ["A2"]), key="k").code == "idempotency_key_reused"
    assert buyer.order((tier, 1), key="k").code == "idempotency_key_reused"
    assert list(shop.seats(tier).values()) == ["sold", "free", "free"]


@pytest.mark.parametrize("token", ["tok_decline", "tok_late"])
def test_unpaid_order_without_a_cart_frees_its_seats(
    shop: Shop, buyer: Buyer, tier: Tier, clock: ManualClock, token: str
) -> None:
    buyer.order((tier, ["A2"]), paymentToken=token)
    expire(shop, clock)

    assert set(shop.seats(tier).values()) == {"free"}
    shop.verify()


def test_late_payment_gets_its_seats_if_they_are_free(shop: Shop, buyer: Buyer, tier: Tier, clock: ManualClock) -> None:
    order = buyer.order((tier, ["A2"]), paymentToken="tok_late").json
    expire(shop, clock)

    assert late(shop, order).state is OrderState.PAID

    assert shop.seats(tier) == {"A1": "free", "A2": "sold", "A3": "free"}
    assert buyer.send("GET", "/api/tickets").json["data"][0]["seat"] == "A2"
    shop.verify()


def test_late_payment_for_a_seat_that_is_gone_is_returned(
    shop: Shop, buyer: Buyer, tier: Tier, clock: ManualClock
) -> None:
    order = buyer.order((tier, ["A2"]), paymentToken="tok_late").json
    expire(shop, clock)
    assert shop.buyer().order((tier, ["A2"])).status == 201

    refunded = late(shop, order)

    assert (refunded.state, [refund.amount for refund in refunded.refunds]) == (OrderState.REFUNDED, [1000])
    assert shop.stock(tier.id) == (1, 0)
    shop.verify()


def test_late_payment_and_a_new_cart_at_once_sell_the_seat_once(
    shop: Shop, buyer: Buyer, tier: Tier, clock: ManualClock
) -> None:
    order = buyer.order((tier, ["A2"]), paymentToken="tok_late").json
    expire(shop, clock)
    other = shop.buyer()

    with ThreadPoolExecutor(2) as pool:
        paying = pool.submit(late, shop, order)
        holding = pool.submit(other.hold, (tier, ["A2"]))

    assert (paying.result().state is OrderState.PAID) is not (holding.result().status == 201)
    assert shop.stock(tier.id)[0] == 1
    shop.verify()


def test_partial_refund_frees_the_seats_of_its_tickets(shop: Shop, buyer: Buyer, tier: Tier) -> None:
    order = buyer.order((tier, ["A1", "A2"])).json
    code = next(ticket["code"] for ticket in order["tickets"] if ticket["seat"] == "A1")

    answer = shop.api.admin("POST", f"/orders/{order['id']}/refund", json={"tickets": [code]})

    assert answer.status == 200, answer.json
    assert shop.seats(tier) == {"A1": "free", "A2": "sold", "A3": "free"}
    shop.verify()


def test_transferred_ticket_keeps_its_seat(shop: Shop, buyer: Buyer, tier: Tier) -> None:
    other = shop.buyer("Bob")
    order = buyer.order((tier, ["A2"])).json

    sent = buyer.send("POST", f"/api/tickets/{order['tickets'][0]['code']}/transfer", json={"email": other.email})

    assert sent.status == 200
    assert other.send("GET", "/api/tickets").json["data"][0]["seat"] == "A2"
    assert shop.seats(tier)["A2"] == "sold"
    assert shop.api.admin("POST", f"/orders/{order['id']}/refund", json={"tickets": [sent.json["code"]]}).status == 200
    assert shop.seats(tier)["A2"] == "free"
    shop.verify()


def test_control_without_release_an_expired_order_keeps_its_seat(
    shop: Shop, buyer: Buyer, offer_id: str, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    buyer.order(holdId=offer_id, paymentToken="tok_late")
    monkeypatch.setattr(OrderSeats, "release", lambda *_: None)

    expire(shop, clock)

    assert shop.services.orders.find_mismatches.execute()
