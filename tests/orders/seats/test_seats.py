"""Seats of numbered tiers over HTTP and in races: each has one holder, and a claim gets all of its seats or none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from core.mongo.client import Db
from core.mongo.transactions import Session, transaction
from events.seat_store import SeatClaim, SeatStore
from inventory.requests import StaleRequest
from orders.seats.picking import SeatRequest, Seats
from tests.api_client import Api
from tests.event_calls import new_tier, store_event
from tests.members import Member
from tests.orders.conftest import MakeMembers

LABELS = ["A1", "A2", "A3", "B1", "B2"]


def statuses(api: Api, event_id: str, tier_id: str) -> dict[str, str]:
    answer = api.get(f"/api/events/{event_id}/seats", query={"tierId": tier_id})
    assert answer.status == 200
    return {row["seat"]: row["status"] for row in answer.json["data"]}


def test_reservation_gets_the_first_free_seat(ada: Member, bob: Member, api: Api, db: Db) -> None:
    event = store_event(db, new_tier(capacity=5, seats=LABELS))
    tier_id = event.tiers[0].id
    assert list(statuses(api, event.id, tier_id).items()) == [(label, "free") for label in LABELS]

    assert ada.reserve(event.id).json["seat"] == "A1"
    assert bob.reserve(event.id).json["seat"] == "A2"

    assert ada.bookings().json[0]["seat"] == "A1"
    assert Counter(statuses(api, event.id, tier_id).values()) == {"sold": 2, "free": 3}


def test_cancelled_seat_is_free_for_the_next_person(ada: Member, bob: Member, api: Api, db: Db) -> None:
    event = store_event(db, new_tier(capacity=5, seats=LABELS))
    ada.reserve(event.id)
    ada.cancel(event.id)
    ada.cancel(event.id)

    assert set(statuses(api, event.id, event.tiers[0].id).values()) == {"free"}
    assert bob.reserve(event.id).json["seat"] == "A1"


def test_seats_of_an_unnumbered_tier_are_none(api: Api, db: Db) -> None:
    event = store_event(db)

    assert statuses(api, event.id, event.tiers[0].id) == {}


def test_unknown_event_tier_and_query_are_refused(api: Api, db: Db) -> None:
    event = store_event(db)
    other = store_event(db)
    path = f"/api/events/{event.id}/seats"

    assert api.get("/api/events/none/seats", query={"tierId": event.tiers[0].id}).code == "event_not_found"
    for tier_id in ("none", other.tiers[0].id):
        assert api.get(path, query={"tierId": tier_id}).code == "tier_not_found"
    for query in ({}, {"tierId": ""}, {"tierId": "a\0"}, {"tierId": "x" * 101}, {"tierId": "a", "row": "A"}):
        assert api.get(path, query=query).status == 400


def test_rush_for_seats_gives_each_one_once(make_members: MakeMembers, db: Db) -> None:
    labels = [f"{row}{number}" for row in "ABC" for number in range(1, 9)]
    event = store_event(db, new_tier(capacity=len(labels), seats=labels))

    with ThreadPoolExecutor(30) as threads:
        answers = list(threads.map(lambda member: member.reserve(event.id), make_members(40)))

    seats = [answer.json["seat"] for answer in answers if answer.status == 201]
    assert sorted(seats) == sorted(labels)
    assert Counter(answer.status for answer in answers) == {201: 24, 409: 16}


def test_named_seats_are_claimed_together_or_not_at_all(db: Db) -> None:
    tier = store_event(db, new_tier(capacity=5, seats=LABELS)).tiers[0]
    seats = Seats(SeatStore(db))
    first = SeatRequest(holder="one", tier_id=tier.id, quantity=2, labels=["A2", "A3"])
    overlapping = SeatRequest(holder="two", tier_id=tier.id, quantity=2, labels=["A3", "B1"])

    assert claim(db, seats, first) == [["A2", "A3"]]
    with pytest.raises(StaleRequest):
        claim(db, seats, overlapping)

    refusal = seats.refusal_of([overlapping])
    assert refusal
    assert refusal.extra == {"tierId": tier.id, "seats": ["A3"]}
    assert holders(db) == {"A2": "one", "A3": "one"}


def test_best_available_pairs_are_beside_each_other(db: Db) -> None:
    tier = store_event(db, new_tier(capacity=5, seats=LABELS)).tiers[0]
    seats = Seats(SeatStore(db))
    named = SeatRequest(holder="named", tier_id=tier.id, quantity=1, labels=["A2"])
    pair = SeatRequest(holder="pair", tier_id=tier.id, quantity=2)

    assert claim(db, seats, pair, named) == [["B1", "B2"], ["A2"]]


def test_transferred_and_released_seats_have_their_new_holders(db: Db) -> None:
    tier = store_event(db, new_tier(capacity=5, seats=LABELS)).tiers[0]
    seats = Seats(SeatStore(db))
    claim(db, seats, SeatRequest(holder="hold", tier_id=tier.id, quantity=3))
    sale = SeatClaim(tier.id, ["A1"], "order", sold=True)

    transaction(db.client, lambda session: seats.transfer(session, "hold", [sale]), 8.0)
    with pytest.raises(StaleRequest):
        transaction(db.client, lambda session: seats.transfer(session, "hold", [sale]), 8.0)
    assert transaction(db.client, lambda session: seats.store.release_some(session, "hold", tier.id, ["A2"]), 8.0)
    assert holders(db) == {"A1": "order", "A3": "hold"}
    transaction(db.client, lambda session: seats.release(session, ["hold", "order"]), 8.0)
    assert holders(db) == {}


def test_control_unconditional_update_gives_a_seat_twice(db: Db, monkeypatch: pytest.MonkeyPatch) -> None:
    tier = store_event(db, new_tier(capacity=5, seats=LABELS)).tiers[0]
    seats = Seats(SeatStore(db))
    claim(db, seats, SeatRequest(holder="one", tier_id=tier.id, quantity=1))
    all_free = seats.store.of_tier(tier.id)
    # As one that read the seats before the other claim, and writes without a condition.
    monkeypatch.setattr(SeatStore, "first_free", lambda *_: list(all_free))
    with pytest.raises(StaleRequest):
        claim(db, seats, SeatRequest(holder="two", tier_id=tier.id, quantity=1))
    monkeypatch.setattr("events.seat_store.FREE", {})

    claim(db, seats, SeatRequest(holder="two", tier_id=tier.id, quantity=1))

    assert holders(db) == {"A1": "two"}


def claim(db: Db, seats: Seats, *requests: SeatRequest) -> list[Sequence[str]]:
    def pick(session: Session) -> list[Sequence[str]]:
        return seats.pick(session, requests)

    return transaction(db.client, pick, 8.0)


def holders(db: Db) -> dict[str, str]:
    return {row["seat"]: row["holder"] for row in db["seats"].find({"holder": {"$ne": None}})}
