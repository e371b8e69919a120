"""Cancellation and refund of orders: stock back once, money back once, tickets void."""

from __future__ import annotations

import csv
import io
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from orders.payments.gateway import PaymentUnanswered
from orders.payments.simulated import SimulatedGateway
from orders.tickets.store import TicketStore
from tests.api_client import Answer
from tests.orders.conftest import ManualClock
from tests.orders.shop import Buyer, Shop, TierPlan

UNKNOWN = "0" * 32


def codes(order: Answer) -> list[str]:
    return [ticket["code"] for ticket in order.json["tickets"]]


def repaid(shop: Shop) -> int:
    return sum(refund["amount"] for row in shop.db["simulated_payments"].find() for refund in row["refunds"])


def cancel(buyer: Buyer, order: Answer) -> Answer:
    return buyer.send("POST", f"/api/orders/{order.json['id']}/cancel")


def refund(shop: Shop, order: Answer, tickets: Any) -> Answer:
    return shop.api.admin("POST", f"/orders/{order.json['id']}/refund", json={"tickets": tickets})


def test_cancelled_order_returns_stock_and_money_once(shop: Shop, buyer: Buyer) -> None:
    event = shop.event(pool=8)
    (tier,) = event.tiers
    assert event.pool
    paid = buyer.order((tier, 2))

    answers = [cancel(buyer, paid) for _ in range(2)]

    assert [answer.status for answer in answers] == [200, 200]
    assert answers[0].json == answers[1].json
    assert answers[0].json["status"] == "CANCELLED"
    assert answers[0].json["refund"] == {"status": "succeeded", "amount": "20.00"}
    assert {ticket["status"] for ticket in answers[0].json["tickets"]} == {"void"}
    assert (shop.stock(tier.id), shop.stock(event.pool.id)) == ((0, 0), (0, 0))
    assert repaid(shop) == 2000
    assert shop.db["letters"].count_documents({"template": "order_cancelled"}) == 1


def test_concurrent_cancellations_return_once(shop: Shop, buyer: Buyer) -> None:
    (tier,) = shop.event().tiers
    paid = buyer.order((tier, 2))
    shop.buyer().order((tier, 3))

    def end(number: int) -> int:
        return (cancel(buyer, paid) if number % 2 else refund(shop, paid, codes(paid))).status

    with ThreadPoolExecutor(6) as pool:
        statuses = list(pool.map(end, range(6)))

    assert set(statuses) <= {200, 409}
    assert shop.stock(tier.id) == (3, 0)
    assert repaid(shop) == 2000


def test_control_cancellation_without_ticket_states_returns_twice(
    shop: Shop, buyer: Buyer, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tier,) = shop.event().tiers
    paid = buyer.order((tier, 2))
    shop.buyer().order((tier, 3))
    releases = shop.services.orders.purchases.cancel.releases
    before = releases.tickets.of_orders([paid.json["id"]])
    monkeypatch.setattr(TicketStore, "move_all", lambda *_: True)
    monkeypatch.setattr(TicketStore, "of_orders", lambda *_: before)

    for _ in range(2):
        refund(shop, paid, codes(paid)[:1])

    assert shop.stock(tier.id) == (3, 0)
    assert repaid(shop) == 2000


def test_cancellation_after_the_event_began_is_refused(shop: Shop, buyer: Buyer, clock: ManualClock) -> None:
    soon = clock() + timedelta(hours=1)
    (tier,) = shop.event(date=soon, sales_end=soon).tiers
    paid = buyer.order((tier, 1))

    clock.advance(hours=1)

    assert (cancel(buyer, paid).status, cancel(buyer, paid).code) == (409, "too_late_to_cancel")


def test_cancellation_of_an_unpaid_or_foreign_order_is_refused(shop: Shop, buyer: Buyer) -> None:
    (tier,) = shop.event().tiers
    late = buyer.order((tier, 1), paymentToken="tok_late")

    assert cancel(buyer, late).code == "order_not_paid"
    assert cancel(shop.buyer(), late).code == "order_not_found"
    assert shop.api.send("POST", f"/api/orders/{late.json['id']}/cancel").status == 401


def test_cancelled_free_order_needs_no_refund(shop: Shop, buyer: Buyer) -> None:
    (tier,) = shop.event(TierPlan(price=0)).tiers

    answer = cancel(buyer, buyer.order((tier, 2)))

    assert (answer.json["status"], answer.json["refund"]) == ("CANCELLED", None)
    assert shop.stock(tier.id) == (0, 0)


def test_refund_of_a_cancellation_is_retried_while_the_provider_is_away(
    shop: Shop, buyer: Buyer, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tier,) = shop.event().tiers
    paid = buyer.order((tier, 1))

    def unanswered(*_: Any) -> None:
        raise PaymentUnanswered

    with monkeypatch.context() as patch:
        patch.setattr(SimulatedGateway, "refund", unanswered)
        assert cancel(buyer, paid).json["refund"]["status"] == "pending"
    assert shop.stock(tier.id) == (0, 0)
    clock.advance(seconds=5)
    shop.services.orders.purchases.refunds.execute()

    assert cancel(buyer, paid).json["refund"] == {"status": "succeeded", "amount": "10.00"}
    assert repaid(shop) == 1000


def test_partial_refund_voids_its_tickets_alone(shop: Shop, buyer: Buyer) -> None:
    vip, ga = shop.event(TierPlan("VIP", 5000, 5), TierPlan("GA", 1000, 5)).tiers
    paid = buyer.order((vip, 1), (ga, 2))
    one, two, three = codes(paid)

    first = refund(shop, paid, [two])
    again = refund(shop, paid, [two])
    rest = refund(shop, paid, [one, three.lower().replace("-", " ")])

    assert (first.status, first.json["status"]) == (200, "PAID")
    assert first.json["refund"] == {"status": "succeeded", "amount": "10.00"}
    assert (again.status, again.code) == (409, "ticket_void")
    assert (rest.json["status"], rest.json["refund"]["amount"]) == ("CANCELLED", "70.00")
    assert (shop.stock(vip.id), shop.stock(ga.id)) == ((0, 0), (0, 0))
    assert repaid(shop) == 7000
    actions = [row["what"] for row in shop.db["audit"].find({"about": paid.json["id"]})]
    assert actions == ["order.tickets_refunded"] * 2


def test_cancellation_after_a_partial_refund_returns_the_rest(shop: Shop, buyer: Buyer) -> None:
    (tier,) = shop.event().tiers
    paid = buyer.order((tier, 3))
    refund(shop, paid, codes(paid)[:1])

    cancelled = cancel(buyer, paid)

    assert cancelled.json["refund"]["amount"] == "30.00"
    assert (shop.stock(tier.id), repaid(shop)) == ((0, 0), 3000)


def test_cancellation_returns_what_its_tickets_cost(shop: Shop, buyer: Buyer) -> None:
    """A second payment that went back, and a refund that failed, are no refunds of the tickets that are left."""
    (tier,) = shop.event().tiers
    paid_twice = buyer.order((tier, 1))
    half_refunded = buyer.order((tier, 2))
    refund(shop, half_refunded, codes(half_refunded)[:1])
    second = {"id": "r", "paymentId": "second", "amount": 1000, "state": "succeeded"}
    stored = {**second, "dueAt": None, "attempts": 1, "failures": 0}
    shop.db["orders"].update_one({"_id": paid_twice.json["id"]}, {"$push": {"refunds": stored}})
    failed = {"$set": {"refunds.0.state": "failed"}}
    shop.db["orders"].update_one({"_id": half_refunded.json["id"]}, failed)
    before = repaid(shop)

    for order in (paid_twice, half_refunded):
        assert cancel(buyer, order).json["status"] == "CANCELLED"

    assert repaid(shop) - before == 2000
    assert shop.db["orders"].distinct("refunds.amount") == [1000]
    assert shop.services.orders.purchases.find_mismatches.execute() == []


def test_invalid_refund_is_refused(shop: Shop, buyer: Buyer) -> None:
    (tier,) = shop.event().tiers
    paid = buyer.order((tier, 1))
    other = shop.buyer().order((tier, 1))

    for bad in (None, [], "x", [5], [""], ["x" * 101], [{"$gt": ""}], {"$gt": ""}):
        assert refund(shop, paid, bad).status == 400
    assert refund(shop, paid, [*codes(paid), *codes(other)]).code == "ticket_not_found"
    assert shop.api.admin("POST", f"/orders/{UNKNOWN}/refund", json={"tickets": ["x"]}).code == "order_not_found"
    assert shop.api.send("POST", f"/api/admin/orders/{UNKNOWN}/refund", json={"tickets": ["x"]}).status == 401
    assert shop.stock(tier.id) == (2, 0)


def test_orders_are_listed_and_exported_for_the_back_office(shop: Shop, buyer: Buyer) -> None:
    vip, ga = shop.event(TierPlan("VIP", 5000, 5), TierPlan("GA", 1000, 5), title="=1+1").tiers
    paid = buyer.order((vip, 1), (ga, 2))
    shop.buyer("Bob").order((ga, 1), paymentToken="tok_decline")
    pending = shop.buyer("Eve").order((ga, 1), paymentToken="tok_late")

    def ids(**query: Any) -> list[str]:
        return [order["id"] for order in shop.api.admin("GET", "/orders", query=query).json["items"]]

    assert ids(email=buyer.email.upper()) == [paid.json["id"]]
    assert ids(status="PENDING") == [pending.json["id"]]
    assert ids(status="PAID", eventId=vip.event_id) == [paid.json["id"]]
    assert ids(eventId=UNKNOWN) == []
    assert shop.api.admin("GET", "/orders", query={"limit": 2}).json["totalPages"] == 2
    (order,) = shop.api.admin("GET", "/orders", query={"status": "PAID"}).json["items"]
    assert (order["name"], order["payment"]["provider"]) == ("Ada Lovelace", "simulated")
    for bad in ({"status": "paid"}, {"page": 0}, {"x": 1}, {"limit": "a"}, {"email": "x" * 255}):
        assert shop.api.admin("GET", "/orders", query=bad).status == 400
    exported = shop.api.admin("GET", "/orders/export", query={"status": "PAID"})
    rows = list(csv.DictReader(io.StringIO(exported.body.decode("utf-8-sig"))))
    assert [(row["Tier"], row["Quantity"], row["Amount"], row["Event"]) for row in rows] == [
        ("VIP", "1", "50.00", "'=1+1"), ("GA", "2", "20.00", "'=1+1"),
    ]  # fmt: skip
    assert shop.api.send("GET", "/api/admin/orders").status == 401
    assert shop.api.send("GET", "/api/admin/orders/export").status == 401


def test_cancelled_event_refunds_its_tickets_alone(shop: Shop, buyer: Buyer) -> None:
    (one,) = shop.event().tiers
    (two,) = shop.event().tiers
    both = buyer.order((one, 1), (two, 1))
    only = buyer.order((one, 2))
    late = shop.buyer().order((one, 1), paymentToken="tok_late")
    held = buyer.hold((one, 1)).json["id"]
    sales = shop.services.orders.purchases.sales
    shop.db["events"].update_one({"_id": one.event_id}, {"$set": {"status": "cancelled"}})
    shop.services.orders.purchases.place.emails.events._cached.invalidate()

    assert sales.holders(one.event_id, "", 10) == [buyer.id]
    for _ in range(2):
        sales.withdraw(one.event_id, buyer.id)

    states = {row["_id"]: row["state"] for row in shop.db["orders"].find()}
    assert states == {both.json["id"]: "paid", only.json["id"]: "cancelled", late.json["id"]: "paying"}
    assert (shop.stock(two.id), repaid(shop)) == ((1, 0), 3000)
    assert buyer.order(holdId=held).code == "event_cancelled"
    shop.services.orders.purchases.place.clock.advance(seconds=5)  # type: ignore[attr-defined]
    shop.services.orders.purchases.simulated_webhooks.execute()
    assert shop.db["orders"].find_one({"_id": late.json["id"]})["state"] == "refunded"  # type: ignore[index]
