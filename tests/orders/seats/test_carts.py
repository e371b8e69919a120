"""Seats in carts: named ones or the best available, all of a cart or none, free again when the cart ends."""

from __future__ import annotations

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from core.concurrency.batcher import PendingRequest
from core.errors import Unavailable
from events.model import Event, Tier
from events.seat_store import SeatStore
from inventory.group_commit import GroupCommit
from inventory.requests import Pending, StockRequest
from orders.seats import picking
from orders.seats.errors import SeatTaken
from tests.orders.conftest import ManualClock
from tests.orders.shop import Buyer, Shop, TierPlan

ROW = ["A1", "A2", "A3", "A4"]
UNKNOWN = "0" * 32


@pytest.fixture
def event(shop: Shop) -> Event:
    return shop.event(TierPlan("VIP", 1000, seats=ROW), TierPlan("GA", 500, 5))


@pytest.fixture
def tier(event: Event) -> Tier:
    return event.tiers[0]


def test_cart_of_named_seats_holds_these(shop: Shop, buyer: Buyer, tier: Tier) -> None:
    held = buyer.hold((tier, ["A3", "A2"]))

    assert held.status == 201
    assert (held.json["items"][0]["seats"], held.json["items"][0]["quantity"]) == (["A3", "A2"], 2)
    assert held.json["totalAmount"] == "20.00"
    assert buyer.send("GET", "/api/holds").json["data"][0]["items"] == held.json["items"]
    assert shop.seats(tier) == {"A1": "free", "A2": "held", "A3": "held", "A4": "free"}
    assert shop.stock(tier.id) == (2, 2)
    shop.verify()


def test_cart_with_a_quantity_gets_the_best_available_seats(shop: Shop, buyer: Buyer, tier: Tier) -> None:
    assert shop.buyer().hold((tier, ["A1"])).status == 201

    assert buyer.hold((tier, 2)).json["items"][0]["seats"] == ["A2", "A3"]
    assert buyer.order((tier, 1)).json["items"][0]["seats"] == ["A4"]
    shop.verify()


def test_cart_with_a_taken_seat_holds_nothing(shop: Shop, buyer: Buyer, event: Event) -> None:
    tier, other = event.tiers
    assert shop.buyer().hold((tier, ["A2", "A3"])).status == 201

    for refused in (buyer.hold((other, 1), (tier, ["A3", "A4"])), buyer.order((other, 1), (tier, ["A4", "A3"]))):
        assert (refused.status, refused.code) == (409, "seat_taken")
        assert (refused.json["seats"], refused.json["tierId"]) == (["A3"], tier.id)
    assert (shop.seats(tier)["A4"], shop.stock(tier.id), shop.stock(other.id)) == ("free", (2, 2), (0, 0))
    assert shop.db["orders"].count_documents({}) == 0
    shop.verify()


def test_taken_seat_of_a_sold_out_tier_is_named(shop: Shop, buyer: Buyer, tier: Tier) -> None:
    assert shop.buyer().hold((tier, 4)).status == 201

    refused = buyer.hold((tier, ["A1"]))

    assert (refused.code, refused.json["seats"]) == ("seat_taken", ["A1"])
    assert buyer.hold((tier, 1)).code == "insufficient_stock"


def test_new_cart_may_have_seats_of_the_one_before(shop: Shop, buyer: Buyer, tier: Tier) -> None:
    assert buyer.hold((tier, ["A1", "A2"])).status == 201
    assert buyer.hold((tier, ["A2", "A3"])).status == 201

    assert shop.seats(tier) == {"A1": "free", "A2": "held", "A3": "held", "A4": "free"}
    assert shop.buyer().hold((tier, ["A4"])).status == 201
    assert buyer.hold((tier, ["A2", "A4"])).json["seats"] == ["A4"]
    assert buyer.hold((tier, 3)).json["items"][0]["seats"] == ["A1", "A2", "A3"]
    shop.verify()


def test_repeated_tier_is_the_union_of_its_seats(shop: Shop, buyer: Buyer, tier: Tier) -> None:
    assert buyer.hold((tier, ["A1"]), (tier, ["A3"])).json["items"][0]["seats"] == ["A1", "A3"]
    for refused in (buyer.hold((tier, ["A1"]), (tier, ["A1", "A2"])), buyer.hold((tier, ["A1"]), (tier, 1))):
        assert (refused.status, list(refused.json["errors"])) == (400, ["items"])
    assert buyer.hold((tier, 1), (tier, 2)).json["items"][0]["quantity"] == 3
    shop.verify()


def test_ended_cart_frees_its_seats(shop: Shop, buyer: Buyer, tier: Tier, clock: ManualClock) -> None:
    made = buyer.hold((tier, ["A1"])).json["id"]
    assert buyer.send("DELETE", f"/api/holds/{made}").status == 204
    assert set(shop.seats(tier).values()) == {"free"}

    assert buyer.hold((tier, ["A1"])).status == 201
    clock.advance(hours=1)
    # The claim of the seat ends the cart, before the scheduler does.
    assert shop.buyer().hold((tier, ["A1"])).status == 201
    shop.verify()


def test_unknown_seats_and_those_of_an_unnumbered_tier_are_refused(buyer: Buyer, event: Event) -> None:
    tier, unnumbered = event.tiers

    for refused in (
        buyer.hold((tier, ["A1", "Z9"])),
        buyer.order((tier, ["Z9"])),
        buyer.hold((unnumbered, ["A1"])),
        buyer.order((unnumbered, ["A1"])),
    ):
        assert (refused.status, refused.code, list(refused.json["errors"])) == (400, "validation_failed", ["items"])
    assert "Z9" in buyer.hold((tier, ["A1", "Z9"])).json["errors"]["items"][0]


def test_seats_beyond_the_limit_of_an_order_are_refused(shop: Shop, buyer: Buyer) -> None:
    (tier,) = shop.event(TierPlan(seats=ROW), max_per_order=2).tiers

    assert buyer.hold((tier, ROW[:3])).status == 400
    assert buyer.hold((tier, ROW[:2])).status == 201


BAD_SEATS: list[Any] = [
    [], None, "A1", 5, {"$gt": ""}, ["A1", "A1"], ["A1", " A1"], [""], ["   "], ["A" * 21], [5], [None], [True],
    [["A1"]], [{"$gt": ""}], ["A\x00"], ["\ud800"], ["A\n1"], [f"A{n}" for n in range(21)],
]  # fmt: skip


@pytest.mark.parametrize("seats", BAD_SEATS, ids=range(len(BAD_SEATS)))
@pytest.mark.parametrize("path", ["/api/holds", "/api/orders"])
def test_invalid_seats_are_refused(shared_shop: Buyer, path: str, seats: Any) -> None:
    body = json.dumps({"items": [{"tierId": UNKNOWN, "seats": seats}]})
    headers = {"Content-Type": "application/json", "Idempotency-Key": "k"}

    answer = shared_shop.send("POST", path, data=body, headers=headers)

    assert (answer.status, answer.code) == (400, "validation_failed")


def test_quantity_with_seats_and_neither_are_refused(shared_shop: Buyer) -> None:
    for line in ({"quantity": 1, "seats": ["A1"]}, {"quantity": 0, "seats": ["A1"]}, {}):
        body = {"items": [{"tierId": UNKNOWN, **line}]}
        assert shared_shop.send("POST", "/api/holds", json=body).status == 400


def race(buyers: list[Buyer], tier: Tier, wanted: list[list[str]]) -> list[int]:
    """Let every second person hold its seats, and the others buy them."""

    def claim(number: int) -> int:
        buyer = buyers[number]
        item = (tier, wanted[number])
        answer = buyer.hold(item) if number % 2 else buyer.order(item)
        assert answer.status == 201 or answer.code == "seat_taken", answer.json
        return answer.status

    with ThreadPoolExecutor(len(buyers)) as pool:
        return list(pool.map(claim, range(len(buyers))))


def test_rush_for_one_seat_is_won_by_one_person(shop: Shop, tier: Tier) -> None:
    buyers = [shop.buyer() for _ in range(20)]

    statuses = race(buyers, tier, [["A2"]] * 20)

    assert Counter(statuses) == {201: 1, 409: 19}
    assert shop.stock(tier.id)[0] == 1
    shop.verify()


def test_carts_with_overlapping_seats_get_all_or_none(shop: Shop) -> None:
    (tier,) = shop.event(TierPlan(seats=[f"A{number}" for number in range(1, 13)])).tiers
    wanted = [[f"A{number}", f"A{number + 1}", f"A{number + 2}"] for number in range(1, 11)] * 2
    buyers = [shop.buyer() for _ in wanted]

    statuses = race(buyers, tier, wanted)

    won = [seats for seats, status in zip(wanted, statuses, strict=True) if status == 201]
    taken = [label for seats in won for label in seats]
    assert sorted(taken) == sorted(label for label, status in shop.seats(tier).items() if status != "free")
    assert len(set(taken)) == len(taken) >= 6
    shop.verify()


def test_named_seats_and_best_available_ones_share_a_tier(shop: Shop) -> None:
    labels = [f"A{number}" for number in range(1, 13)]
    event = shop.event(TierPlan(seats=labels))
    (tier,) = event.tiers
    buyers = [shop.buyer() for _ in range(18)]

    def claim(number: int) -> int:
        kinds = [
            lambda buyer: buyer.order((tier, [labels[number % 12]])),
            lambda buyer: buyer.hold((tier, 1)),
            lambda buyer: buyer.send("POST", f"/api/events/{event.id}/reserve"),
        ]
        answer = kinds[number % 3](buyers[number])
        assert answer.status in (201, 409), answer.json
        return int(answer.status)

    with ThreadPoolExecutor(18) as pool:
        statuses = list(pool.map(claim, range(18)))

    assert statuses.count(201) == shop.stock(tier.id)[0] == sum(state != "free" for state in shop.seats(tier).values())
    assert len(shop.seats(tier)) == 12
    shop.verify()


def batch_for_one_seat(shop: Shop, tier: Tier, monkeypatch: pytest.MonkeyPatch) -> list[Pending]:
    """Return the requests of a cart with the best available seat and of an order that names the same one."""
    batch: list[Pending] = []

    def collect(_: GroupCommit, request: StockRequest[Any]) -> None:
        batch.append(PendingRequest(request))
        raise Unavailable

    with monkeypatch.context() as patch:
        patch.setattr(GroupCommit, "submit", collect)
        assert shop.buyer().hold((tier, 1)).status == 503
        assert shop.buyer().order((tier, ["A1"])).status == 503
    shop.services.orders.ticket_group_commit._process_batch(batch)
    return batch


def test_batch_that_wants_one_seat_in_two_ways_is_answered(
    shop: Shop, tier: Tier, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, ordered = batch_for_one_seat(shop, tier, monkeypatch)

    assert held.result().items[0].seats == ["A1"]
    with pytest.raises(SeatTaken):
        ordered.result()
    shop.verify()


def test_control_without_single_commits_such_a_batch_stays_unanswered(
    shop: Shop, tier: Tier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(GroupCommit, "_commit_each", lambda *_: None)

    batch = batch_for_one_seat(shop, tier, monkeypatch)

    assert [pending.done for pending in batch] == [False, False]


def test_control_without_the_free_seats_condition_a_seat_has_two_carts(
    shop: Shop, buyer: Buyer, tier: Tier, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shop.buyer().hold((tier, ["A1"])).status == 201
    monkeypatch.setattr("events.seat_store.FREE", {})

    assert buyer.hold((tier, ["A1"])).status == 201

    with pytest.raises(AssertionError):
        shop.verify()


def test_control_without_release_a_replaced_cart_keeps_its_seat(
    shop: Shop, buyer: Buyer, tier: Tier, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert buyer.hold((tier, ["A1"])).status == 201
    monkeypatch.setattr(picking.Seats, "release", lambda *_: None)

    assert buyer.hold((tier, ["A2"])).status == 201

    assert SeatStore(shop.db).holders_committed([f"{tier.id}:A1"])[f"{tier.id}:A1"]
    with pytest.raises(AssertionError):
        shop.verify()
