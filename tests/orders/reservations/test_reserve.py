"""Reserving a ticket over HTTP: who gets one, who is refused, and with which answer."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from core.mongo.client import Db
from events.model import Event, EventStatus
from events.store import EventStore
from tests.api_client import Api
from tests.event_calls import new_tier, store_event
from tests.members import Member
from tests.orders.conftest import MakeMembers

NOW = datetime.now(UTC).replace(microsecond=0)


def counts(db: Db, event: Event) -> list[int]:
    """Return the taken tickets of each tier, and of the pool."""
    found = EventStore(db).get(event.id)
    pools = [found.pool] if found.pool else []
    return [stock.taken for stock in (*found.tiers, *pools)]


def test_reservation_is_answered_with_its_event(ada: Member, db: Db) -> None:
    event = store_event(db, new_tier(price=1050, capacity=3))

    made = ada.reserve(event.id)

    assert made.status == 201
    booking = made.json
    assert (booking["userId"], booking["eventId"], booking["status"]) == (ada.account.id, event.id, "CONFIRMED")
    assert booking["createdAt"] == booking["updatedAt"]
    assert booking["event"]["title"] == event.title
    assert (booking["event"]["price"], booking["event"]["totalTickets"]) == ("10.50", 3)
    assert "seat" not in booking
    assert ada.bookings().json == [{**booking, "event": {**booking["event"], **ada.bookings().json[0]["event"]}}]
    assert counts(db, event) == [1]


def test_answers_count_the_ticket_of_their_own_claim(ada: Member, db: Db) -> None:
    event = store_event(db, new_tier(capacity=3), pool=5)

    made = ada.reserve(event.id).json["event"]
    cancelled = ada.cancel(event.id).json["event"]

    assert (made["remainingTickets"], made["tiers"][0]["remaining"]) == (2, 2)
    assert (cancelled["remainingTickets"], cancelled["tiers"][0]["remaining"]) == (3, 3)


def test_book_is_the_same_call(ada: Member, bob: Member, db: Db) -> None:
    event = store_event(db)

    made = bob.send("POST", "/api/book", json={"eventId": event.id})

    assert made.status == 201
    assert made.json.keys() == ada.reserve(event.id).json.keys()
    assert bob.reserve(event.id).code == "already_booked"


def test_reservation_takes_the_first_tier_and_the_pool(ada: Member, db: Db) -> None:
    event = store_event(db, new_tier("VIP"), new_tier("GA"), pool=15)

    assert ada.reserve(event.id).status == 201
    assert counts(db, event) == [1, 0, 1]


def test_second_reservation_of_a_person_is_refused(ada: Member, db: Db) -> None:
    event = store_event(db)
    ada.reserve(event.id)

    again = ada.reserve(event.id)

    assert (again.status, again.code) == (409, "already_booked")
    assert counts(db, event) == [1]


def test_sold_out_event_is_refused(make_members: MakeMembers, db: Db) -> None:
    event = store_event(db, new_tier(capacity=1))
    first, second = make_members(2)
    first.reserve(event.id)

    refused = second.reserve(event.id)

    assert (refused.status, refused.code) == (409, "sold_out")
    assert first.reserve(event.id).code == "already_booked"
    assert counts(db, event) == [1]


def test_full_pool_is_sold_out(make_members: MakeMembers, db: Db) -> None:
    event = store_event(db, new_tier("VIP"), pool=1)
    first, second = make_members(2)
    first.reserve(event.id)

    assert second.reserve(event.id).code == "sold_out"


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"status": EventStatus.DRAFT}, 404, "event_not_found"),
        ({"status": EventStatus.CANCELLED}, 409, "event_cancelled"),
        ({"sales_end": NOW - timedelta(minutes=1)}, 409, "sales_closed"),
        ({"date": NOW - timedelta(days=1)}, 409, "sales_closed"),
    ],
)
def test_event_not_on_sale_is_refused(changes: dict[str, object], status: int, code: str, ada: Member, db: Db) -> None:
    event = store_event(db, **changes)

    for refused in (ada.reserve(event.id), ada.send("POST", "/api/book", json={"eventId": event.id})):
        assert (refused.status, refused.code) == (status, code)
    assert counts(db, event) == [0]


def test_closed_tier_is_refused(ada: Member, db: Db) -> None:
    event = store_event(db)
    db["event_stock"].update_many({"eventId": event.id}, {"$set": {"closed": True}})

    assert ada.reserve(event.id).code == "sales_closed"


def test_event_cancelled_while_cached_is_refused_as_cancelled(ada: Member, bob: Member, db: Db) -> None:
    event = store_event(db)
    ada.reserve(event.id)
    db["events"].update_one({"_id": event.id}, {"$set": {"status": "cancelled"}})
    db["event_stock"].update_many({"eventId": event.id}, {"$set": {"closed": True}})

    assert bob.reserve(event.id).code == "event_cancelled"


@pytest.mark.parametrize("event_id", ["0" * 32, "x", "%00", "a%20b", "%ed%a0%80", "$where"])
def test_unknown_event_is_not_found(event_id: str, ada: Member) -> None:
    assert ada.reserve(event_id).code == "event_not_found"
    assert ada.cancel(event_id).code == "event_not_found"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"eventId": None},
        {"eventId": ""},
        {"eventId": 7},
        {"eventId": ["a"]},
        {"eventId": {"$gt": ""}},
        {"eventId": "x" * 101},
        {"eventId": "a\u0000"},
        {"eventId": "\ud800"},
        {"eventId": "a b"},
        {"eventId": 10**400},
    ],
)
def test_invalid_body_is_refused(body: object, ada: Member) -> None:
    refused = ada.send("POST", "/api/book", data=json.dumps(body), headers={"Content-Type": "application/json"})

    assert (refused.status, refused.code) == (400, "validation_failed")
    assert "eventId" in refused.json["errors"]


def test_unknown_member_and_parameter_are_refused(ada: Member, db: Db) -> None:
    event = store_event(db)

    assert ada.send("POST", "/api/book", json={"eventId": event.id, "seat": "A1"}).status == 400
    assert ada.send("POST", f"/api/events/{event.id}/reserve", query={"tier": "GA"}).status == 400
    assert counts(db, event) == [0]


@pytest.mark.parametrize("token", ["", "Bearer ", "Bearer x.y.z", "Basic abc"])
def test_caller_without_a_valid_token_is_refused(token: str, api: Api, db: Db) -> None:
    event = store_event(db)
    headers = {"Authorization": token} if token else {}
    calls = [
        ("POST", f"/api/events/{event.id}/reserve", None),
        ("DELETE", f"/api/events/{event.id}/reserve", None),
        ("POST", "/api/book", {"eventId": event.id}),
        ("GET", "/api/bookings", None),
    ]

    for method, path, body in calls:
        refused = api.send(method, path, headers=headers, json=body)
        assert (refused.status, refused.code) == (401, "not_signed_in")


def test_empty_object_as_body_is_admitted(ada: Member, db: Db) -> None:
    assert ada.send("POST", f"/api/events/{store_event(db).id}/reserve", json={}).status == 201
