"""Idempotency keys of orders: per account, one order a key, repeated requests get the first one's answer."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from orders import checkout
from orders.payments.simulated import SimulatedGateway
from tests.orders.conftest import ManualClock
from tests.orders.shop import Buyer, Shop, lines


def test_order_without_a_key_is_refused(shop: Shop, buyer: Buyer) -> None:
    (tier,) = shop.event().tiers
    body = {"items": lines([(tier, 1)]), "paymentToken": "tok_approve"}

    missing = buyer.send("POST", "/api/orders", json=body)

    assert (missing.status, missing.code) == (400, "idempotency_key_required")
    for bad in ("", " ", "ä", "x" * 256):
        assert buyer.send("POST", "/api/orders", json=body, headers={"Idempotency-Key": bad}).status == 400


def test_repeated_order_gets_the_first_answer(shop: Shop, buyer: Buyer) -> None:
    (tier,) = shop.event().tiers

    first = buyer.order((tier, 1), key="a")
    second = buyer.order((tier, 1), key="a")

    assert (first.status, second.status) == (201, 201)
    assert first.json == second.json
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert shop.stock(tier.id) == (1, 0)
    for other in (buyer.order((tier, 2), key="a"), buyer.order((tier, 1), key="a", paymentToken="tok_late")):
        assert (other.status, other.code) == (422, "idempotency_key_reused")


def test_repeated_declined_order_is_declined_again(shop: Shop, buyer: Buyer) -> None:
    (tier,) = shop.event().tiers

    answers = [buyer.order((tier, 1), key="a", paymentToken="tok_decline") for _ in range(2)]

    assert [answer.status for answer in answers] == [402, 402]
    assert [answer.headers.get("Idempotency-Replayed") for answer in answers] == [None, "true"]
    assert shop.db["orders"].count_documents({}) == 1


def test_key_belongs_to_its_account(shop: Shop, buyer: Buyer) -> None:
    (tier,) = shop.event().tiers

    assert buyer.order((tier, 1), key="a").json["id"] != shop.buyer().order((tier, 1), key="a").json["id"]
    assert shop.stock(tier.id) == (2, 0)


def test_key_counts_for_a_day(shop: Shop, buyer: Buyer, clock: ManualClock) -> None:
    (tier,) = shop.event().tiers
    first = buyer.order((tier, 1), key="a").json["id"]

    stored = shop.db["orders"].find_one({"_id": first})
    assert stored
    assert stored["key"]["expiresAt"] == clock() + timedelta(hours=24)
    shop.db["orders"].update_one({}, {"$set": {"key.expiresAt": clock()}})

    assert buyer.order((tier, 2), key="a").json["id"] != first


def test_concurrent_orders_of_one_key_make_one(shop: Shop, buyer: Buyer) -> None:
    (tier,) = shop.event().tiers

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: buyer.order((tier, 1), key="a"), range(8)))

    assert {answer.status for answer in answers} == {201}
    assert len({answer.json["id"] for answer in answers}) == 1
    assert shop.stock(tier.id) == (1, 0)
    assert shop.db["simulated_payments"].count_documents({}) == 1


def test_control_without_the_index_a_key_makes_two_orders(
    shop: Shop, buyer: Buyer, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tier,) = shop.event().tiers
    store = shop.services.orders.purchases.change.orders
    shop.db["orders"].drop_index("key")
    monkeypatch.setattr(type(store), "by_key", lambda *_: None)
    monkeypatch.setattr(type(store), "by_keys", lambda *_: {})

    assert buyer.order((tier, 1), key="a").json["id"] != buyer.order((tier, 1), key="a").json["id"]
    assert shop.stock(tier.id) == (2, 0)


def test_second_request_waits_for_the_first_one(shop: Shop, buyer: Buyer, monkeypatch: pytest.MonkeyPatch) -> None:
    (tier,) = shop.event().tiers
    begun = threading.Event()
    polled = threading.Event()
    authorise = SimulatedGateway.authorise

    def slow(gateway: SimulatedGateway, charge: object) -> object:
        begun.set()
        assert polled.wait(10)
        return authorise(gateway, charge)  # type: ignore[arg-type]

    monkeypatch.setattr(SimulatedGateway, "authorise", slow)
    monkeypatch.setattr("orders.checkout.time.sleep", lambda _: polled.set())
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(buyer.order, (tier, 1), key="a")
        assert begun.wait(10)
        second = pool.submit(buyer.order, (tier, 1), key="a").result()

    assert first.result().json == second.json
    assert second.status == 201


def test_second_request_of_an_unanswered_one_is_in_progress(
    shop: Shop, buyer: Buyer, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tier,) = shop.event().tiers
    gateway = shop.services.orders.purchases.place.pay.gateway
    object.__setattr__(gateway.times, "sleep", lambda _: None)  # type: ignore[attr-defined]
    moments = iter([0.0, 0.0, 11.0])
    monkeypatch.setattr("orders.checkout.time.sleep", lambda _: None)

    first = buyer.order((tier, 1), key="a", paymentToken="tok_timeout")
    monkeypatch.setattr(checkout, "monotonic", lambda: next(moments))
    second = buyer.order((tier, 1), key="a", paymentToken="tok_timeout")

    assert (first.status, first.json["status"]) == (202, "PENDING")
    assert (second.status, second.code, second.headers["Retry-After"]) == (409, "request_in_progress", "2")


def test_repeated_order_of_a_hold_gets_the_first_answer(shop: Shop, buyer: Buyer) -> None:
    (tier,) = shop.event().tiers
    hold_id = buyer.hold((tier, 1)).json["id"]

    answers = [buyer.order(key="a", holdId=hold_id) for _ in range(2)]

    assert [answer.status for answer in answers] == [201, 201]
    assert answers[0].json == answers[1].json


def test_concurrent_orders_of_one_hold_and_key_make_one(shop: Shop, buyer: Buyer) -> None:
    (tier,) = shop.event().tiers
    hold_id = buyer.hold((tier, 1)).json["id"]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: buyer.order(key="a", holdId=hold_id), range(8)))

    assert {(answer.status, answer.json.get("id")) for answer in answers} == {(201, answers[0].json["id"])}


def test_order_whose_hold_the_same_key_has_used_is_replayed(shop: Shop, buyer: Buyer) -> None:
    (tier,) = shop.event().tiers
    hold_id = buyer.hold((tier, 1)).json["id"]
    first = buyer.order(key="a", holdId=hold_id)

    assert buyer.order(key="a", holdId=hold_id).json == first.json
    assert buyer.order(key="b", holdId=hold_id).code == "hold_expired"
