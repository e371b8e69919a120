"""Analytics of sales against numbers computed by hand: currencies, refunds, cancellations, days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from accounts.model import Role
from core.mongo.client import Db
from events.model import Event
from tests.orders.conftest import ManualClock
from tests.orders.shop import Buyer, Shop, TierPlan


def figures(shop: Shop, **query: str) -> dict[str, Any]:
    answer = shop.api.admin("GET", "/analytics", query=query)
    assert answer.status == 200, answer.json
    result: dict[str, Any] = answer.json
    return result


def refund(shop: Shop, order: dict[str, Any], count: int) -> None:
    codes = [ticket["code"] for ticket in order["tickets"][:count]]
    assert shop.api.admin("POST", f"/orders/{order['id']}/refund", json={"tickets": codes}).status == 200


@dataclass(frozen=True)
class Sales:
    """Sales on two days: the event in dollars, and the days."""

    dollars: Event
    first_day: str
    second_day: str


@pytest.fixture
def sales(shop: Shop, buyer: Buyer, clock: ManualClock) -> Sales:
    """Orders in three currencies, with a refund, a cancellation, a transfer, a decline, an expiry and a wait."""
    dollars = shop.event(TierPlan("VIP", 10050, 3), TierPlan("GA", 2025, 10))
    vip, ga = dollars.tiers
    first_day = clock().date().isoformat()
    order = buyer.order((vip, 2), (ga, 3)).json  # 201.00 + 60.75
    refund(shop, order, 1)  # a VIP ticket
    sell_yen(shop, buyer)
    clock.advance(days=1)
    second_day = clock().date().isoformat()
    other = shop.buyer()
    sell_dinars(shop, buyer, other)
    assert buyer.order((ga, 1), paymentToken="tok_decline").status == 402
    assert buyer.order((ga, 1), paymentToken="tok_late").status == 202
    clock.advance(hours=1)
    shop.services.orders.purchases.expire.execute()
    assert other.hold((vip, 2)).status == 201
    assert shop.buyer().send("POST", f"/api/tiers/{vip.id}/waitlist", json={"quantity": 1}).status == 202
    return Sales(dollars, first_day, second_day)


def sell_yen(shop: Shop, buyer: Buyer) -> None:
    """Sell two tickets that are cancelled, and one."""
    (yen,) = shop.event(TierPlan("JP", 1500), currency="JPY").tiers
    cancelled = buyer.order((yen, 2)).json
    assert buyer.send("POST", f"/api/orders/{cancelled['id']}/cancel").status == 200
    buyer.order((yen, 1))


def sell_dinars(shop: Shop, buyer: Buyer, other: Buyer) -> None:
    """Sell two tickets: one is checked in, one is transferred."""
    (dinar,) = shop.event(TierPlan("KW", 1005), currency="KWD").tiers
    scanned, passed_on = buyer.order((dinar, 1), (dinar, 1)).json["tickets"]
    assert shop.api.admin("POST", "/checkin", json={"code": scanned["code"]}).status == 200
    path = f"/api/tickets/{passed_on['code']}/transfer"
    assert buyer.send("POST", path, json={"email": other.email}).status == 200


def test_sums_agree_with_hand_computed_numbers(shop: Shop, sales: Sales) -> None:
    found = figures(shop)

    assert found["revenue"] == {"JPY": "1500", "KWD": "2.010", "USD": "161.25"}
    assert found["refundedAmount"] == {"JPY": "3000", "USD": "100.50"}
    names = ("orders", "tickets", "refunded", "checkedIn", "declined", "expired", "waiting")
    assert [found[name] for name in names] == [3, 7, 3, 1, 1, 1, 1]


def test_days_and_tiers_agree_with_hand_computed_numbers(shop: Shop, sales: Sales) -> None:
    found = figures(shop)

    days = [(row["date"], row["tickets"], row["revenue"]) for row in found["byDay"]]
    assert days == [
        (sales.first_day, 5, {"JPY": "1500", "USD": "161.25"}),
        (sales.second_day, 2, {"KWD": "2.010"}),
    ]
    tiers = {row["tier"]: (row["tickets"], row["refunded"], row["revenue"]) for row in found["byTier"]}
    assert tiers == {
        "VIP": (1, 1, {"USD": "100.50"}),
        "GA": (3, 0, {"USD": "60.75"}),
        "JP": (1, 2, {"JPY": "1500"}),
        "KW": (2, 0, {"KWD": "2.010"}),
    }


def test_filters_select_an_event_and_days(shop: Shop, sales: Sales, clock: ManualClock) -> None:
    of_event = figures(shop, eventId=sales.dollars.id)
    of_day = figures(shop, **{"from": sales.second_day, "to": sales.second_day})
    day_before = (clock() - timedelta(days=30)).date().isoformat()

    assert (of_event["revenue"], of_event["orders"], of_event["waiting"]) == ({"USD": "161.25"}, 1, 1)
    assert (of_event["declined"], of_event["expired"]) == (1, 1)
    assert (of_day["revenue"], of_day["orders"], of_day["expired"]) == ({"KWD": "2.010"}, 1, 1)
    assert figures(shop, to=day_before)["byTier"] == []
    assert figures(shop, eventId="none")["revenue"] == {}


@pytest.mark.parametrize(
    "query",
    [
        {"from": "2026-02-30"}, {"from": "2026-3-1"}, {"to": "junk"}, {"to": "20260301"}, {"from": "0001-01-01"},
        {"to": "9999-12-31"}, {"from": "2026-03-02", "to": "2026-03-01"}, {"from": ""}, {"to": "2026-03-01\x00"},
        {"x": "1"}, {"eventId": "x" * 101}, {"from": ["2026-03-01", "2026-03-02"]}, {"from": "2026-W10-1"},
        {"from[$gt]": ""},
    ],
    ids=str,
)  # fmt: skip
def test_analytics_refuse_invalid_queries(shared_shop: Buyer, query: dict[str, Any]) -> None:
    answer = shared_shop.api.admin("GET", "/analytics", query=query)

    assert (answer.status, answer.code) == (400, "validation_failed")


def test_analytics_are_for_administrators(shop: Shop, buyer: Buyer) -> None:
    assert shop.api.send("GET", "/api/admin/analytics").status == 401
    assert buyer.send("GET", "/api/admin/analytics").status == 403
    assert shop.buyer(role=Role.STAFF).send("GET", "/api/admin/analytics").status == 403


def test_analytics_read_by_indexes(shop: Shop, db: Db) -> None:
    figures(shop)
    wanted = {"soldAt": {"$gte": shop.now}, "state": {"$in": ["valid"]}}
    for extra, index in (({}, "soldAt_1"), ({"eventId": "a"}, "eventId_1_soldAt_1")):
        plan = shop.db["tickets"].find({**wanted, **extra}).hint(index).explain()
        assert "COLLSCAN" not in str(plan["queryPlanner"]["winningPlan"])
    paid = shop.db["orders"].find({"paidAt": {"$gte": shop.now, "$type": "date"}, "state": "paid"}).explain()
    assert "COLLSCAN" not in str(paid["queryPlanner"]["winningPlan"])
