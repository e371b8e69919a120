"""Checkout: carts and holds become paid orders with tickets, e-mail and exact money, or nothing."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from orders.payment import Attempt, PayOrder
from tests.orders.conftest import ManualClock
from tests.orders.shop import Buyer, Shop, TierPlan, lines

UNKNOWN = "0" * 32


def test_order_paid_has_tickets_total_and_email(shop: Shop, buyer: Buyer) -> None:
    event = shop.event(TierPlan("VIP", 10000, 5), TierPlan("GA", 2500, 5), pool=10)
    vip, ga = event.tiers
    assert event.pool

    answer = buyer.order((vip, 2), (ga, 2))

    assert answer.status == 201
    order = answer.json
    assert [order[name] for name in ("status", "currency", "totalAmount")] == ["PAID", "USD", "250.00"]
    assert [item["priceAtPurchase"] for item in order["items"]] == ["100.00", "25.00"]
    assert len({ticket["code"] for ticket in order["tickets"]}) == 4
    assert (shop.stock(vip.id), shop.stock(ga.id), shop.stock(event.pool.id)) == ((2, 0), (2, 0), (4, 0))
    (email,) = shop.db["letters"].find({"template": "order_paid"})
    assert email["to"] == buyer.email
    assert all(ticket["code"] in str(email) for ticket in order["tickets"])
    assert email["facts"]["ticketTiers"] == "Vip\nVip\nGa\nGa"
    assert buyer.send("GET", f"/api/orders/{order['id']}").json == order
    assert buyer.send("GET", "/api/orders").json["data"] == [order]
    assert shop.db["simulated_payments"].find_one()["amount"] == 25000  # type: ignore[index]


def test_order_of_a_hold_uses_it_at_its_prices(shop: Shop, buyer: Buyer) -> None:
    (tier,) = shop.event().tiers
    held = buyer.hold((tier, 2)).json
    shop.db["event_stock"].update_one({"_id": tier.id}, {"$set": {"price": 9900}})

    answer = buyer.order(holdId=held["id"])

    assert (answer.status, answer.json["totalAmount"]) == (201, "20.00")
    assert shop.stock(tier.id) == (2, 0)
    assert buyer.order(holdId=held["id"]).code == "hold_expired"
    assert shop.buyer().order(holdId=held["id"]).code == "hold_not_found"


def test_order_of_an_ended_hold_is_refused(shop: Shop, buyer: Buyer, clock: ManualClock) -> None:
    (tier,) = shop.event().tiers
    held = buyer.hold((tier, 2)).json
    clock.advance(seconds=600)

    assert buyer.order(holdId=held["id"]).code == "hold_expired"
    assert buyer.order(holdId=UNKNOWN).code == "hold_not_found"
    assert shop.db["orders"].count_documents({}) == 0


def test_concurrent_orders_of_one_hold_make_one(shop: Shop, buyer: Buyer) -> None:
    (tier,) = shop.event().tiers
    held = buyer.hold((tier, 2)).json

    with ThreadPoolExecutor(6) as pool:
        statuses = sorted(pool.map(lambda _: buyer.order(holdId=held["id"]).status, range(6)))

    assert statuses == [201] + [409] * 5
    assert shop.stock(tier.id) == (2, 0)
    assert shop.db["tickets"].count_documents({}) == 2


def test_free_order_needs_no_payment(shop: Shop, buyer: Buyer, monkeypatch: pytest.MonkeyPatch) -> None:
    (tier,) = shop.event(TierPlan(price=0)).tiers
    gateway = shop.services.orders.purchases.place.pay.gateway
    monkeypatch.setattr(type(gateway), "authorise", lambda *_: pytest.fail("a gateway was asked"))
    headers = {"Idempotency-Key": "free"}

    answer = buyer.send("POST", "/api/orders", json={"items": lines([(tier, 2)])}, headers=headers)
    held = buyer.hold((tier, 1)).json
    of_hold = buyer.send("POST", "/api/orders", json={"holdId": held["id"]}, headers={"Idempotency-Key": "held"})

    for order in (answer, of_hold):
        assert (order.status, order.json["status"], order.json["totalAmount"]) == (201, "PAID", "0.00")
    assert shop.stock(tier.id) == (3, 0)
    assert shop.db["letters"].count_documents({"template": "order_paid"}) == 2


def test_declined_order_releases_its_tickets(shop: Shop, buyer: Buyer) -> None:
    (tier,) = shop.event().tiers

    refused = buyer.order((tier, 2), paymentToken="tok_decline")

    assert (refused.status, refused.code) == (402, "payment_declined")
    assert shop.stock(tier.id) == (0, 0)
    assert buyer.send("GET", f"/api/orders/{refused.json['orderId']}").json["status"] == "DECLINED"
    assert shop.db["tickets"].count_documents({}) == 0


def test_hold_survives_a_declined_card_for_another_card(shop: Shop, buyer: Buyer) -> None:
    (tier,) = shop.event().tiers
    held = buyer.hold((tier, 2)).json

    assert buyer.order(holdId=held["id"], paymentToken="tok_decline").status == 402
    assert shop.stock(tier.id) == (2, 2)
    assert buyer.order(holdId=held["id"]).status == 201
    assert shop.stock(tier.id) == (2, 0)


def test_order_beyond_the_stock_takes_nothing(shop: Shop, buyer: Buyer) -> None:
    one, two = shop.event(TierPlan("A", 100, 5), TierPlan("B", 100, 1)).tiers

    refused = buyer.order((one, 2), (two, 2))

    assert (refused.status, refused.code) == (409, "insufficient_stock")
    assert [refused.json[name] for name in ("tier", "requested", "remaining")] == ["B", 2, 1]
    assert (shop.stock(one.id), shop.stock(two.id)) == ((0, 0), (0, 0))
    assert shop.db["orders"].count_documents({}) == 0


def test_rush_of_mixed_carts_sells_exactly_the_stock(shop: Shop) -> None:
    one, two, three = shop.event(TierPlan("A", 100, 8), TierPlan("B", 200, 8), TierPlan("C", 300, 8)).tiers
    carts = [[(one, 1), (two, 1), (three, 1)], [(three, 1), (two, 1), (one, 1)]]
    buyers = [shop.buyer() for _ in range(12)]

    with ThreadPoolExecutor(12) as pool:
        statuses = sorted(pool.map(lambda number: buyers[number].order(*carts[number % 2]).status, range(12)))

    assert statuses == [201] * 8 + [409] * 4
    assert [shop.stock(tier.id) for tier in (one, two, three)] == [(8, 0)] * 3
    paid = sum(row["amount"] for row in shop.db["simulated_payments"].find())
    assert paid == sum(row["total"] for row in shop.db["orders"].find({"state": "paid"})) == 8 * 600


@pytest.mark.parametrize(("currency", "price", "total"), [("JPY", 1500, "3000"), ("KWD", 1234, "2.468")])
def test_order_in_a_currency_with_other_decimals_is_exact(
    shop: Shop, buyer: Buyer, currency: str, price: int, total: str
) -> None:
    (tier,) = shop.event(TierPlan(price=price), currency=currency).tiers

    assert buyer.order((tier, 2)).json["totalAmount"] == total


BAD_ORDERS: list[Any] = [
    {}, {"items": []}, {"holdId": UNKNOWN, "items": [{"tierId": UNKNOWN, "quantity": 1}]},
    *[{"holdId": bad} for bad in ("", 5, None, {"$gt": ""}, "x" * 256, "\x00", "\ud800", ["a"])],
    *[{"holdId": UNKNOWN, "paymentToken": bad} for bad in ("", 5, None, {"$gt": ""}, "x" * 256, "\x00", "\ud800")],
    {"holdId": UNKNOWN, "total": "0.00"},
    {"items": [{"tierId": UNKNOWN, "quantity": -1}]}, {"items": [{"tierId": UNKNOWN, "quantity": 10**30}]},
    [], None, 5,
]  # fmt: skip


@pytest.mark.parametrize("body", BAD_ORDERS, ids=range(len(BAD_ORDERS)))
def test_invalid_order_is_refused(shared_shop: Buyer, body: Any) -> None:
    headers = {"Content-Type": "application/json", "Idempotency-Key": "k"}
    answer = shared_shop.send("POST", "/api/orders", data=json.dumps(body), headers=headers)

    assert (answer.status, answer.code) == (400, "validation_failed")


def test_order_of_an_unknown_tier_or_token_is_refused(shop: Shop, buyer: Buyer) -> None:
    (tier,) = shop.event().tiers
    headers = {"Idempotency-Key": "k"}

    assert buyer.send("POST", "/api/orders", json={"items": lines([(tier, 1)])}, headers=headers).status == 400
    assert buyer.order((tier, 1), paymentToken="tok_unknown").code == "payment_token_unknown"
    unknown = {"items": [{"tierId": UNKNOWN, "quantity": 1}], "paymentToken": "tok_approve"}
    assert buyer.send("POST", "/api/orders", json=unknown, headers=headers).code == "tier_not_found"
    assert shop.stock(tier.id) == (0, 0)


def test_orders_of_others_and_of_strangers_are_not_shown(shop: Shop, buyer: Buyer) -> None:
    (tier,) = shop.event().tiers
    made = buyer.order((tier, 1)).json["id"]
    other = shop.buyer()

    assert other.send("GET", f"/api/orders/{made}").code == "order_not_found"
    assert other.send("GET", "/api/orders").json["data"] == []
    for method, path in (("GET", "/api/orders"), ("GET", f"/api/orders/{made}"), ("POST", "/api/orders")):
        assert shop.api.send(method, path, json={"holdId": made} if method == "POST" else None).status == 401


def test_orders_are_listed_newest_first_by_pages(shop: Shop, buyer: Buyer, clock: ManualClock) -> None:
    (tier,) = shop.event().tiers
    made = []
    for _ in range(3):
        clock.advance(seconds=1)
        made.append(buyer.order((tier, 1)).json["id"])

    first = buyer.send("GET", "/api/orders", query={"limit": 2}).json
    second = buyer.send("GET", "/api/orders", query={"limit": 2, "page": 2}).json

    assert [order["id"] for order in first["data"] + second["data"]] == made[::-1]
    assert first["meta"] == {"total": 3, "page": 1, "limit": 2, "totalPages": 2}
    for bad in ({"page": 0}, {"limit": "x"}, {"x": 1}):
        assert buyer.send("GET", "/api/orders", query=bad).status == 400


def test_order_of_a_hold_that_ends_soon_lasts_for_its_payment(
    shop: Shop, buyer: Buyer, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tier,) = shop.event().tiers
    hold = buyer.hold((tier, 1)).json
    clock.advance(seconds=599)
    place = shop.services.orders.purchases.place
    # The process stops before the payment begins.
    monkeypatch.setattr(PayOrder, "execute_prepared", lambda _, order: Attempt(order))

    order_id = buyer.order(holdId=hold["id"]).json["id"]

    order = place.change.orders.get(order_id)
    assert order.hold_until == order.busy_until > clock()
