"""Replacement of a cart under a pool: the place that it frees belongs to the waiting list first."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from events.model import Event, Tier
from orders.holds.replacement import CartHold
from tests.orders.shop import Buyer, Shop, TierPlan


@pytest.fixture
def event(shop: Shop) -> Event:
    """Two tiers under a pool of one ticket."""
    return shop.event(TierPlan("A", 1000, 5), TierPlan("B", 1000, 5), pool=1)


def wait(person: Buyer, tier: Tier, quantity: int = 1) -> None:
    answer = person.send("POST", f"/api/tiers/{tier.id}/waitlist", json={"quantity": quantity})
    assert answer.status == 202, answer.json


def offers(shop: Shop, person: Buyer) -> int:
    return shop.db["holds"].count_documents({"accountId": person.id, "kind": "offer", "state": "active"})


def test_cart_moved_to_another_tier_of_a_full_pool_is_held(shop: Shop, buyer: Buyer, event: Event) -> None:
    one, two = event.tiers
    assert buyer.hold((one, 1)).status == 201

    assert buyer.hold((two, 1)).status == 201

    assert event.pool
    assert (shop.stock(one.id), shop.stock(two.id), shop.stock(event.pool.id)) == ((0, 0), (1, 1), (1, 1))
    shop.verify()


def test_cart_moved_to_another_tier_does_not_overtake(shop: Shop, buyer: Buyer, event: Event) -> None:
    one, two = event.tiers
    waiting = shop.buyer()
    held = buyer.hold((one, 1)).json
    wait(waiting, two)

    refused = buyer.hold((two, 1))

    assert (refused.status, refused.code) == (409, "insufficient_stock")
    assert [refused.json[name] for name in ("tier", "requested", "remaining")] == ["B", 1, 0]
    assert [hold["id"] for hold in buyer.send("GET", "/api/holds").json["data"]] == [held["id"]]
    assert offers(shop, waiting) == 0
    shop.verify()


def test_cart_with_fewer_tickets_takes_what_the_waiting_list_leaves(shop: Shop, buyer: Buyer) -> None:
    one, two = shop.event(TierPlan("A", 1000, 5), TierPlan("B", 1000, 5), pool=3).tiers
    waiting = shop.buyer()
    assert buyer.hold((one, 3)).status == 201
    wait(waiting, two, 2)

    assert buyer.hold((two, 2)).code == "insufficient_stock"
    assert buyer.hold((one, 2)).status == 201
    assert offers(shop, waiting) == 1  # one of the two tickets that it wants
    assert buyer.hold((one, 1), (two, 1)).status == 201
    assert shop.stock(two.id) == (2, 2)
    shop.verify()


def test_waiting_person_of_a_full_tier_refuses_no_move(shop: Shop, buyer: Buyer) -> None:
    one, two, three = shop.event(TierPlan("A", 1000, 5), TierPlan("B", 1000, 5), TierPlan("C", 1000, 1), pool=2).tiers
    assert shop.buyer().hold((three, 1)).status == 201
    assert buyer.hold((one, 1)).status == 201
    wait(shop.buyer(), three)

    assert buyer.hold((two, 1)).status == 201
    shop.verify()


def test_moved_cart_keeps_its_named_seats_before_they_are_offered(shop: Shop, buyer: Buyer) -> None:
    plans = (TierPlan("A", 1000, seats=["A1", "A2"]), TierPlan("B", 1000, seats=["B1", "B2"]))
    one, two = shop.event(*plans, pool=3).tiers
    waiting = shop.buyer()
    assert shop.buyer().hold((two, ["B2"])).status == 201
    assert buyer.hold((one, ["A1", "A2"])).status == 201
    wait(waiting, one)

    refused = buyer.hold((one, ["A1"]), (two, ["B1"]))
    assert refused.code == "insufficient_stock"
    assert buyer.hold((one, ["A1"])).status == 201

    assert offers(shop, waiting) == 1
    assert shop.seats(one) == {"A1": "held", "A2": "held"}
    assert [item["seats"] for item in buyer.send("GET", "/api/holds").json["data"][0]["items"]] == [["A1"]]
    shop.verify()


def test_moved_cart_of_seats_gets_all_of_them_without_a_waiting_list(shop: Shop, buyer: Buyer) -> None:
    plans = (TierPlan("A", 1000, seats=["A1", "A2"]), TierPlan("B", 1000, seats=["B1", "B2"]))
    one, two = shop.event(*plans, pool=2).tiers
    assert buyer.hold((one, ["A1", "A2"])).status == 201

    moved = buyer.hold((one, ["A2"]), (two, ["B2"]))

    assert [item["seats"] for item in moved.json["items"]] == [["A2"], ["B2"]]
    assert (shop.seats(one), shop.seats(two)) == ({"A1": "free", "A2": "held"}, {"B1": "free", "B2": "held"})
    shop.verify()
    assert buyer.hold((two, 2)).json["items"][0]["seats"] == ["B1", "B2"]
    shop.verify()


def test_control_net_lines_let_a_moved_cart_overtake(
    shop: Shop, buyer: Buyer, event: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = event.tiers
    assert buyer.hold((one, 1)).status == 201
    wait(shop.buyer(), two)
    nothing: Mapping[str, int] = {}
    monkeypatch.setattr(CartHold, "deferred_claims", property(lambda _: nothing))

    assert buyer.hold((two, 1)).status == 201
