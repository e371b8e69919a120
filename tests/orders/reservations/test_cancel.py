"""Cancelling a reservation over HTTP: one ticket is freed, however often it is cancelled."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from core.ids import new_id
from core.mongo.client import Db
from events.mapping import to_stock_document
from events.model import TicketStock
from events.store import EventStore
from tests.event_calls import new_tier, store_event
from tests.members import Member
from tests.orders.conftest import MakeMembers


def taken(db: Db, event_id: str) -> int:
    return EventStore(db).get(event_id).tiers[0].taken


def test_cancelled_reservation_frees_its_ticket(ada: Member, bob: Member, db: Db) -> None:
    event = store_event(db, new_tier(capacity=1))
    made = ada.reserve(event.id).json
    assert bob.reserve(event.id).code == "sold_out"

    cancelled = ada.cancel(event.id)

    assert cancelled.status == 200
    assert (cancelled.json["id"], cancelled.json["status"]) == (made["id"], "CANCELLED")
    assert cancelled.json["updatedAt"] >= made["updatedAt"]
    assert taken(db, event.id) == 0
    assert bob.reserve(event.id).status == 201


def test_second_cancellation_answers_the_same(ada: Member, db: Db) -> None:
    event = store_event(db)
    ada.reserve(event.id)
    first = ada.cancel(event.id)

    again = ada.cancel(event.id)

    assert (again.status, again.json["id"], again.json["updatedAt"]) == (200, first.json["id"], first.json["updatedAt"])
    assert taken(db, event.id) == 0


def test_pool_is_freed_with_the_tier(ada: Member, db: Db) -> None:
    event = store_event(db, pool=2)
    ada.reserve(event.id)
    ada.cancel(event.id)

    found = EventStore(db).get(event.id)
    assert found.pool
    assert (found.tiers[0].taken, found.pool.taken) == (0, 0)


def test_cancellation_releases_the_stock_that_was_claimed(ada: Member, db: Db) -> None:
    event = store_event(db)
    ada.reserve(event.id)
    pool = TicketStock(id=new_id(event.created_at), event_id=event.id, capacity=5)
    db["event_stock"].insert_one(to_stock_document(pool))  # as by another worker while the ticket was claimed

    assert ada.cancel(event.id).status == 200
    assert db["event_stock"].distinct("taken") == [0]


def test_person_who_cancelled_may_come_again(ada: Member, db: Db) -> None:
    event = store_event(db, new_tier(capacity=1))
    first = ada.reserve(event.id).json
    ada.cancel(event.id)

    second = ada.reserve(event.id)

    assert second.status == 201
    assert second.json["id"] != first["id"]
    assert ada.cancel(event.id).json["id"] == second.json["id"]
    assert [booking["id"] for booking in ada.bookings("all").json] == [second.json["id"], first["id"]]


def test_cancellation_without_a_reservation_is_not_found(ada: Member, bob: Member, db: Db) -> None:
    event = store_event(db)
    bob.reserve(event.id)

    refused = ada.cancel(event.id)

    assert (refused.status, refused.code) == (404, "reservation_not_found")
    assert taken(db, event.id) == 1


def test_concurrent_cancellations_free_one_ticket(make_members: MakeMembers, db: Db) -> None:
    event = store_event(db)
    everybody = make_members(4)
    for member in everybody:
        member.reserve(event.id)

    with ThreadPoolExecutor(24) as threads:
        answers = list(threads.map(lambda member: member.cancel(event.id), everybody * 6))

    assert {answer.status for answer in answers} == {200}
    assert {answer.json["status"] for answer in answers} == {"CANCELLED"}
    assert taken(db, event.id) == 0


def test_reservations_are_listed_by_status_newest_first(ada: Member, bob: Member, db: Db) -> None:
    events = [store_event(db) for _ in range(3)]
    made = [ada.reserve(event.id).json["id"] for event in events]
    bob.reserve(events[0].id)
    ada.cancel(events[1].id)

    listed = {status: [booking["id"] for booking in ada.bookings(status).json] for status in ("", "CANCELLED", "all")}

    assert listed == {"": [made[2], made[0]], "CANCELLED": [made[1]], "all": made[::-1]}
    assert ada.bookings("CONFIRMED").json == ada.bookings().json
    assert ada.bookings().json[0]["event"]["title"] == events[2].title


def test_list_with_an_invalid_query_is_refused(ada: Member) -> None:
    for query in ({"status": "confirmed"}, {"status": ""}, {"page": "1"}, [("status", "all"), ("status", "all")]):
        refused = ada.send("GET", "/api/bookings", query=query)
        assert (refused.status, refused.code) == (400, "validation_failed")
