"""Holds of carts: all tickets or none, one cart an account, frozen prices, release."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from core.clock import iso
from events.model import EventStatus
from tests.orders.conftest import ManualClock
from tests.orders.shop import Buyer, Shop, TierPlan

UNKNOWN = "0" * 32


def test_hold_answers_its_items_with_total_and_expiry(shop: Shop, buyer: Buyer, clock: ManualClock) -> None:
    event = shop.event(TierPlan("VIP", 10000, 5), TierPlan("GA", 2550, 5))
    vip, ga = event.tiers

    answer = buyer.hold((vip, 2), (ga, 1))

    assert answer.status == 201
    assert answer.json["totalAmount"] == "225.50"
    assert answer.json["currency"] == "USD"
    assert answer.json["expiresAt"] == iso(clock() + timedelta(seconds=600))
    assert answer.json["items"][0] == {
        "tierId": vip.id, "tier": "VIP", "name": "Vip", "eventId": event.id, "quantity": 2,
        "priceAtPurchase": "100.00", "seats": [],
    }  # fmt: skip
    assert (shop.stock(vip.id), shop.stock(ga.id)) == ((2, 2), (1, 1))


def test_hold_counts_a_repeated_tier_as_its_sum_and_the_pool_as_all(shop: Shop, buyer: Buyer) -> None:
    event = shop.event(TierPlan("A", 100, 5), TierPlan("B", 100, 5), pool=6)
    one, two = event.tiers
    assert event.pool

    assert buyer.hold((one, 2), (two, 1), (one, 1)).status == 201
    assert (shop.stock(one.id), shop.stock(two.id), shop.stock(event.pool.id)) == ((3, 3), (1, 1), (4, 4))
    refused = shop.buyer().hold((two, 3))

    assert (refused.status, refused.code) == (409, "insufficient_stock")
    assert [refused.json[name] for name in ("tier", "tierId", "requested", "remaining")] == ["B", two.id, 3, 2]


def test_shortage_of_a_pool_names_the_item_and_what_is_left_for_it(shop: Shop, buyer: Buyer) -> None:
    one, two = shop.event(TierPlan("A", 100, 5), TierPlan("B", 100, 5), pool=6).tiers

    refused = buyer.hold((one, 4), (two, 3))

    assert [refused.json[name] for name in ("tier", "requested", "remaining")] == ["B", 3, 2]


def test_hold_with_one_line_too_many_holds_nothing(shop: Shop, buyer: Buyer) -> None:
    event = shop.event(TierPlan("A", 100, 5), TierPlan("B", 100, 1))
    one, two = event.tiers

    refused = buyer.hold((one, 2), (two, 2))

    assert (refused.status, refused.code) == (409, "insufficient_stock")
    assert [refused.json[name] for name in ("tier", "tierId", "requested", "remaining")] == ["B", two.id, 2, 1]
    assert (shop.stock(one.id), shop.stock(two.id)) == ((0, 0), (0, 0))


def test_new_hold_replaces_the_cart_and_may_use_its_tickets(shop: Shop, buyer: Buyer) -> None:
    one, two = shop.event(TierPlan("A", 100, 3), TierPlan("B", 100, 3)).tiers
    first = buyer.hold((one, 2))

    second = buyer.hold((one, 3), (two, 1))

    assert second.status == 201
    assert (shop.stock(one.id), shop.stock(two.id)) == ((3, 3), (1, 1))
    states = {row["_id"]: row["state"] for row in shop.db["holds"].find()}
    assert states == {first.json["id"]: "released", second.json["id"]: "active"}
    refused = buyer.hold((one, 4))
    assert [refused.json[name] for name in ("code", "requested", "remaining")] == ["insufficient_stock", 4, 3]
    assert buyer.hold((two, 1)).status == 201
    assert (shop.stock(one.id), shop.stock(two.id)) == ((0, 0), (1, 1))


def test_concurrent_holds_of_one_account_leave_one_cart(shop: Shop, buyer: Buyer) -> None:
    (tier,) = shop.event(TierPlan(capacity=50)).tiers

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda count: buyer.hold((tier, count)), [1, 2, 3, 4, 1, 2, 3, 4]))

    assert {answer.status for answer in answers} == {201}
    active = list(shop.db["holds"].find({"state": "active"}))
    assert len(active) == 1
    assert shop.stock(tier.id) == (active[0]["items"][0]["quantity"],) * 2


def test_concurrent_carts_in_opposite_orders_sell_exactly_the_stock(shop: Shop) -> None:
    one, two = shop.event(TierPlan("A", 100, 10), TierPlan("B", 100, 10)).tiers
    buyers = [shop.buyer() for _ in range(16)]

    def hold(number: int) -> int:
        cart = [(one, 1), (two, 1)]
        return buyers[number].hold(*(cart if number % 2 else cart[::-1])).status

    with ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(hold, range(16)))

    assert sorted(statuses) == [201] * 10 + [409] * 6
    assert (shop.stock(one.id), shop.stock(two.id)) == ((10, 10), (10, 10))


def test_holds_of_an_account_are_listed_until_they_end(shop: Shop, buyer: Buyer, clock: ManualClock) -> None:
    (tier,) = shop.event().tiers
    made = buyer.hold((tier, 2)).json

    assert buyer.send("GET", "/api/holds").json == {"data": [{**made, "kind": "cart"}]}
    assert shop.buyer().send("GET", "/api/holds").json == {"data": []}
    assert buyer.send("GET", "/api/holds", query={"x": 1}).status == 400
    assert shop.api.send("GET", "/api/holds").status == 401
    clock.advance(seconds=600)
    assert buyer.send("GET", "/api/holds").json == {"data": []}


def test_hold_released_frees_its_tickets_once(shop: Shop, buyer: Buyer) -> None:
    (tier,) = shop.event().tiers
    made = buyer.hold((tier, 2)).json["id"]

    assert shop.buyer().send("DELETE", f"/api/holds/{made}").code == "hold_not_found"
    assert [buyer.send("DELETE", f"/api/holds/{made}").status for _ in range(2)] == [204, 204]
    assert shop.stock(tier.id) == (0, 0)
    assert buyer.send("DELETE", f"/api/holds/{UNKNOWN}").code == "hold_not_found"


def test_price_changed_after_the_hold_stays_frozen(shop: Shop, buyer: Buyer) -> None:
    (tier,) = shop.event().tiers
    made = buyer.hold((tier, 1)).json

    shop.db["event_stock"].update_one({"_id": tier.id}, {"$set": {"price": 5000}})
    shop.forget_events()

    assert made["totalAmount"] == "10.00"
    assert shop.db["holds"].find_one({"_id": made["id"]})["items"][0]["price"] == 1000  # type: ignore[index]
    assert buyer.hold((tier, 1)).json["totalAmount"] == "50.00"


def test_hold_of_another_currency_is_refused(shop: Shop, buyer: Buyer) -> None:
    (dollars,) = shop.event().tiers
    (yen,) = shop.event(TierPlan(price=1500), currency="JPY").tiers

    assert buyer.hold((yen, 2)).json["totalAmount"] == "3000"
    refused = buyer.hold((dollars, 1), (yen, 1))

    assert (refused.status, refused.code) == (400, "mixed_currencies")


def test_hold_of_what_is_not_on_sale_is_refused(shop: Shop, buyer: Buyer, clock: ManualClock) -> None:
    (ended,) = shop.event(sales_end=clock()).tiers
    (cancelled,) = shop.event(status=EventStatus.CANCELLED).tiers
    (draft,) = shop.event(status=EventStatus.DRAFT).tiers
    (closed,) = shop.event().tiers
    shop.db["event_stock"].update_one({"_id": closed.id}, {"$set": {"closed": True}})

    codes = [buyer.hold((tier, 1)).code for tier in (ended, cancelled, draft, closed)]

    assert codes == ["sales_closed", "event_cancelled", "tier_not_found", "sales_closed"]


def test_hold_beyond_the_limit_of_an_order_is_refused(shop: Shop, buyer: Buyer) -> None:
    (tier,) = shop.event(max_per_order=4).tiers
    (large,) = shop.event(TierPlan(capacity=100)).tiers

    assert buyer.hold((tier, 4)).status == 201
    for refused in (buyer.hold((tier, 5)), buyer.hold((tier, 2), (tier, 3)), buyer.hold((large, 20), (large, 1))):
        assert (refused.status, refused.code) == (400, "validation_failed")
        assert "items" in refused.json["errors"]
    assert buyer.hold((large, 20)).status == 201


BAD_ITEMS: list[Any] = [
    None, [], {}, "x", 5, [5], [None], [[]], [{}],
    [{"tierId": UNKNOWN}], [{"quantity": 1}],
    [{"tierId": UNKNOWN, "quantity": 1, "price": 0}],
    *[[{"tierId": UNKNOWN, "quantity": bad}] for bad in (0, -1, 21, 10**30, 1.0, 1.5, "1", True, None, {"$gt": 0})],
    *[[{"tierId": bad, "quantity": 1}] for bad in ("", "short", "x" * 101, 5, None, {"$gt": ""}, ["a"], "\x00" * 12,
                                                   "\ud800" * 12, "ä" * 12)],
    [{"tierId": UNKNOWN, "quantity": 1}] * 21,
]  # fmt: skip


@pytest.mark.parametrize("items", BAD_ITEMS, ids=range(len(BAD_ITEMS)))
def test_hold_of_invalid_items_is_refused(shared_shop: Buyer, items: Any) -> None:
    body = json.dumps({"items": items})
    answer = shared_shop.send("POST", "/api/holds", data=body, headers={"Content-Type": "application/json"})

    assert (answer.status, answer.code) == (400, "validation_failed")


def test_hold_with_unknown_members_or_tier_is_refused(shared_shop: Buyer) -> None:
    items = [{"tierId": UNKNOWN, "quantity": 1}]

    assert shared_shop.send("POST", "/api/holds", json={"items": items, "x": 1}).status == 400
    assert shared_shop.send("POST", "/api/holds", query={"x": 1}, json={"items": items}).status == 400
    assert shared_shop.send("POST", "/api/holds", json={"items": items}).code == "tier_not_found"


def test_hold_without_a_valid_token_is_refused(shared_shop: Buyer) -> None:
    body = {"items": [{"tierId": UNKNOWN, "quantity": 1}]}

    assert shared_shop.api.send("POST", "/api/holds", json=body).status == 401
    assert shared_shop.api.send("DELETE", f"/api/holds/{UNKNOWN}").status == 401
