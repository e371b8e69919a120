"""`flask verify` of tickets: each planted difference is named, and exit code 1 says so."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

import wiring
from core.mongo.client import Db
from events.model import Event
from tests.event_calls import new_tier, store_event
from tests.members import Member
from tests.orders.conftest import MakeMembers


def mismatches(services: wiring.Services) -> list[dict[str, Any]]:
    return services.orders.find_mismatches.execute()


@pytest.fixture
def busy(make_members: MakeMembers, db: Db) -> Event:
    """An event with reservations, a hold, an offer and somebody who waits."""
    event = store_event(db, new_tier("VIP", capacity=3, seats=["A1", "A2", "A3"]), new_tier("GA"), pool=8)
    first, second, third, fourth, buyer = make_members(5)
    for member in (first, second, third):
        member.reserve(event.id)
    item = {"tierId": event.tiers[1].id, "quantity": 5}
    assert buyer.send("POST", "/api/holds", json={"items": [item]}).status == 201
    path = f"/api/tiers/{event.tiers[0].id}/waitlist"
    for member in (fourth, buyer):
        assert member.send("POST", path, json={"quantity": 2}).status == 202
    first.cancel(event.id)
    return event


def test_counts_of_a_busy_event_agree(app: Flask, busy: Event, services: wiring.Services) -> None:
    assert services.events.get(busy.id).tiers[0].held == 1
    assert mismatches(services) == []

    done = app.test_cli_runner().invoke(args=["verify"])

    assert done.exit_code == 0, done.output


PLANTED: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, int]]] = [
    ("event_stock", {"kind": "tier", "position": 0}, {"$inc": {"taken": -1}}, {"taken": 2, "takenRecounted": 3}),
    ("event_stock", {"kind": "tier", "position": 1}, {"$inc": {"held": -1}}, {"held": 4, "heldRecounted": 5}),
    ("event_stock", {"kind": "pool"}, {"$inc": {"taken": -1}}, {"taken": 7, "takenRecounted": 8}),
    ("event_stock", {"kind": "pool"}, {"$inc": {"waiting": 1}}, {"waiting": 2, "waitingRecounted": 1}),
    ("tier_waitlist", {"state": "waiting"}, {"$set": {"state": "left"}}, {"waiting": 1, "waitingRecounted": 0}),
    ("reservations", {"status": "CONFIRMED"}, {"$set": {"status": "CANCELLED"}}, {"takenRecounted": 2}),
    ("holds", {"kind": "offer"}, {"$set": {"state": "expired"}}, {"held": 1, "heldRecounted": 0}),
    ("seats", {"sold": True}, {"$set": {"holder": None}}, {"seats": 3, "seatsRecounted": 2}),
]


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: planted[0])
def test_planted_difference_is_named(
    planted: tuple[str, dict[str, Any], dict[str, Any], dict[str, int]], app: Flask, busy: Event,
    services: wiring.Services, db: Db,
) -> None:  # fmt: skip
    collection, where, change, named = planted
    assert db[collection].update_one(where, change).modified_count == 1

    assert any(named.items() <= row.items() for row in mismatches(services)), mismatches(services)

    done = app.test_cli_runner().invoke(args=["verify"])
    assert done.exit_code == 1
    assert "drift: " in done.output
    assert "of the tiers and pools disagree" in done.output


def test_free_ticket_while_somebody_waits_is_a_mismatch(
    ada: Member, bob: Member, services: wiring.Services, db: Db
) -> None:
    event = store_event(db, new_tier(capacity=1))
    bob.reserve(event.id)
    ada.send("POST", f"/api/tiers/{event.tiers[0].id}/waitlist", json={"quantity": 1})
    db["event_stock"].update_one({"_id": event.tiers[0].id}, {"$set": {"capacity": 2}})

    (row,) = mismatches(services)

    assert (row["tierId"], row["freeRecounted"]) == (event.tiers[0].id, 1)


def test_claims_of_a_deleted_tier_are_a_mismatch(ada: Member, services: wiring.Services, db: Db) -> None:
    event = store_event(db)
    ada.reserve(event.id)
    db["event_stock"].delete_one({"_id": event.tiers[0].id})

    assert mismatches(services) == [{"tierId": event.tiers[0].id, "taken": None, "claims": 1}]
