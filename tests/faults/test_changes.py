"""Cancelling, moving and waiting, all at once and over two workers; and what keeps it right, shown by taking it out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import pytest
from flask import Flask

import schedules.store
import wiring
from booking.emails import BookingEmails
from booking.store import BookingStore
from core.concurrency.serial_transactions import SerialTransactions
from core.mongo.client import Client, Db, Document
from core.mongo.failures import WriteContention
from core.mongo.transactions import Session, transaction
from core.web.context import runtime_of
from devdb.replica_set import ReplicaSet
from tests.api_client import Answer, Api, over_app
from tests.conftest import Served, serving
from tests.faults.concurrency import run_concurrently

Call = Callable[[], Answer]
Made = Mapping[str, Any]


@pytest.fixture(scope="module")
def service(replica_set: ReplicaSet, mongo: Client, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The service with two workers, for all tests here: each takes a date of its own."""
    with serving(replica_set.uri, tmp_path_factory.mktemp("service")) as running:
        yield running
        mongo.drop_database(running.environment["MONGODB_DATABASE"])


@pytest.fixture
def stored(service: Served, mongo: Client) -> Db:
    """The served service's database."""
    return mongo[service.environment["MONGODB_DATABASE"]]


def fill(api: Api, slot: Made) -> list[Made]:
    return [api.book(slot).json["booking"] for _ in range(slot["capacity"])]


def cancel(api: Api, made: Made) -> Call:
    return partial(api.held, "DELETE", made)


def move(api: Api, made: Made, slot: Made) -> Call:
    return partial(api.held, "POST", made, "/reschedule", json={"slotId": slot["_id"]})


def is_held(services: wiring.Services, slot: Made) -> bool:
    """Tell whether a transaction that is under way keeps others from writing to the slot."""
    stock = services.schedules.store.stock
    try:
        transaction(services.client, lambda session: stock.claim(session, {slot["_id"]: 1}), 0.0)
    except WriteContention:
        return True
    return False


def verified(db: Db) -> None:
    """Fail unless each slot counts exactly its bookings and who waits, in order, and gives no place past the list."""
    for slot in db.slots.find():
        booked = db.bookings.count_documents({"slotId": slot["_id"], "status": "confirmed"})
        waiting = db.waitlist.count_documents({"slotId": slot["_id"], "state": "waiting"})
        assert (slot["bookedCount"], slot["waiting"]) == (booked, waiting), slot
        assert slot["bookedCount"] <= slot["capacity"]
        assert not waiting or slot["closed"] or slot["bookedCount"] == slot["capacity"], slot
    for entry in db.waitlist.find({"state": "promoted"}):
        ahead = {"slotId": entry["slotId"], "ticket": {"$lt": entry["ticket"]}, "state": "waiting"}
        assert db.waitlist.count_documents(ahead) == 0, "somebody was overtaken"
        assert db.bookings.count_documents({"_id": entry["bookingId"], "email": entry["email"]}) == 1


def test_cancellation_repeated_fifty_times_at_once_frees_one_place(service: Served, stored: Db) -> None:
    slot = service.api.slots("2026-03-05")[0]
    made = fill(service.api, slot)
    entries = [service.api.wait_for(slot).json["entry"] for _ in range(3)]

    answers = run_concurrently([cancel(service.api, made[0])] * 50)

    assert {(answer.status, answer.json["status"]) for answer in answers} == {(200, "cancelled")}
    assert [service.api.held("GET", entry).json["status"] for entry in entries] == ["promoted", "waiting", "waiting"]
    assert stored.letters.count_documents({"about": made[0]["id"], "template": "guest_cancellation"}) == 1
    verified(stored)


def test_thousand_swaps_of_full_slots_leave_each_guest_one_place(service: Served, stored: Db) -> None:
    slots = service.api.slots("2026-03-07")[:2]
    made = [fill(service.api, slot) for slot in slots]

    calls = [move(service.api, made[n % 2][n // 2 % 4], slots[1 - n % 2]) for n in range(1000)]
    answers = run_concurrently(calls)

    assert {(answer.status, answer.code) for answer in answers} == {(409, "slot_full")}
    held = [service.api.held("GET", one).json["slotId"] for one in made[0] + made[1]]
    assert held == [slots[0]["_id"]] * 4 + [slots[1]["_id"]] * 4
    verified(stored)


def test_swaps_through_one_free_place_leave_each_guest_one_place(service: Served, stored: Db) -> None:
    slots = service.api.slots("2026-03-09")[:2]
    made = [fill(service.api, slot) for slot in slots]
    everybody = made[0] + made[1][1:]
    cancel(service.api, made[1][0])()

    answers = run_concurrently([move(service.api, everybody[n % 7], slots[n // 7 % 2]) for n in range(280)])

    assert {answer.status for answer in answers} <= {200, 409}
    assert sum(answer.status == 200 for answer in answers) >= 1
    bookings = list(stored.bookings.find({"date": "2026-03-09", "status": "confirmed"}))
    assert {row["_id"] for row in bookings} == {one["id"] for one in everybody}
    assert sum(slot["bookedCount"] for slot in service.api.slots("2026-03-09")[:2]) == 7
    verified(stored)


def test_join_during_releases_is_promoted_or_waits_for_a_full_slot(service: Served, stored: Db) -> None:
    slots = service.api.slots("2026-03-11")[:4]
    made = {slot["_id"]: fill(service.api, slot) for slot in slots}
    joins: list[Call] = [partial(service.api.wait_for, slots[n % 4]) for n in range(40)]
    frees = [cancel(service.api, made[slot["_id"]][n]) for n in range(2) for slot in slots]
    raises: list[Call] = [
        partial(service.api.admin, "PATCH", f"/slots/{slot['_id']}", json={"capacity": 5}) for slot in slots[:2]
    ]
    books: list[Call] = [partial(service.api.book, slots[n % 4]) for n in range(20)]
    mixed = joins + frees + raises + books

    answers = run_concurrently([mixed[n * 29 % len(mixed)] for n in range(len(mixed))])

    assert {(answer.status, answer.code if answer.status >= 400 else "") for answer in answers} <= {
        (200, ""), (201, ""), (202, ""), (409, "slot_full"), (409, "slot_has_places"),
    }  # fmt: skip
    verified(stored)


def test_parallel_joins_draw_tickets_without_gap_or_duplicate(service: Served, stored: Db) -> None:
    slot = service.api.slots("2026-03-13")[0]
    fill(service.api, slot)

    answers = run_concurrently([partial(service.api.wait_for, slot)] * 60)

    assert sorted(answer.json["entry"]["position"] for answer in answers) == list(range(1, 61))
    tickets = sorted(row["ticket"] for row in stored.waitlist.find({"slotId": slot["_id"]}))
    assert tickets == list(range(1, 61))
    verified(stored)


@pytest.mark.parametrize("way", ["cancellation", "rescheduled"])
def test_change_locks_its_slots_before_it_writes_emails(
    unguarded: tuple[Api, wiring.Services], monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """Otherwise it fails with each booking that is made meanwhile, and starves in a rush."""
    api, services = unguarded
    slots = api.slots("2026-03-05")[:2]
    made = api.book(slots[0]).json["booking"]
    held = slots[: 1 + (way == "rescheduled")]
    write, met = getattr(BookingEmails, way), list[bool]()

    def meet(*args: Any) -> Any:
        met.extend(is_held(services, slot) for slot in held)
        return write(*args)

    monkeypatch.setattr(BookingEmails, way, meet)
    answer = cancel(api, made)() if way == "cancellation" else move(api, made, slots[1])()

    assert (answer.status, met) == (200, [True] * len(held))
    verified(services.db)


# Controls: the same crowds without a guard


@pytest.fixture
def unguarded(make_app: Callable[..., Flask]) -> tuple[Api, wiring.Services]:
    """The service in this process, where a test can take a guard out."""
    app = make_app()
    services = runtime_of(app).get(wiring.Services)
    return Api(over_app(app)), services


def test_control_cancellation_without_status_filter_releases_twice(
    unguarded: tuple[Api, wiring.Services], monkeypatch: pytest.MonkeyPatch
) -> None:
    api, services = unguarded
    slot = api.slots("2026-03-05")[0]
    made = fill(api, slot)
    guarded = BookingStore._change

    def careless(store: BookingStore, session: Session, where: Document, change: Document) -> Any:
        return guarded(store, session, {"_id": where["_id"]}, change)

    monkeypatch.setattr(BookingStore, "_change", careless)
    run_concurrently([cancel(api, made[0])] * 2)

    with pytest.raises(AssertionError):
        verified(services.db)


def test_control_join_that_does_not_write_the_slot_is_missed(
    unguarded: tuple[Api, wiring.Services], monkeypatch: pytest.MonkeyPatch
) -> None:
    api, services = unguarded
    slot = api.slots("2026-03-05")[0]
    made = fill(api, slot)
    tickets = iter(range(1, 1000))

    def careless(_: object, __: Session, slot_id: str) -> tuple[int, int] | None:
        # Reads whether the slot is full, as many would, and counts those who wait afterwards.
        full = services.db.slots.find_one({"_id": slot_id, "$expr": {"$gte": ["$bookedCount", "$capacity"]}})
        if full is None:
            return None
        cancel(api, made.pop())()
        services.db.slots.update_one({"_id": slot_id}, {"$inc": {"waiting": 1}})
        return next(tickets), 1

    monkeypatch.setattr(schedules.store.SlotStore, "join_queue", careless)
    monkeypatch.setattr(SerialTransactions, "run", _without_serialized)
    api.wait_for(slot)

    with pytest.raises(AssertionError):
        verified(services.db)


def test_control_reschedule_without_slot_filter_loses_places(
    unguarded: tuple[Api, wiring.Services], monkeypatch: pytest.MonkeyPatch
) -> None:
    api, services = unguarded
    slots = api.slots("2026-03-05")[:3]
    made, _ = (api.book(slots[0]).json["booking"] for _ in range(2))
    stale = services.booking.store.get(made["id"])
    move(api, made, slots[1])()
    monkeypatch.setattr(BookingStore, "get_in", lambda *_: stale)
    guarded = BookingStore._change

    assert move(api, made, slots[2])().code == "booking_cancelled"
    verified(services.db)

    def careless(store: BookingStore, session: Session, where: Document, change: Document) -> Any:
        return guarded(store, session, {"_id": where["_id"]}, change)

    monkeypatch.setattr(BookingStore, "_change", careless)
    move(api, made, slots[2])()

    with pytest.raises(AssertionError):
        verified(services.db)


def _without_serialized(serialized: SerialTransactions, work: Callable[[Session], Any]) -> Any:
    with serialized.client.start_session() as session, session.start_transaction():
        return work(session)
