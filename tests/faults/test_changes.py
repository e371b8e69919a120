"""Cancelling, moving and waiting, all at once and over two workers; and what keeps it right, shown by taking it out."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from flask import Flask

import schedules.store
import wiring
from booking import booking_change
from booking.cancellation import CancelBooking, Cancellation
from booking.emails import BookingEmails
from booking.group_commit import SlotRecords
from booking.model import Status
from booking.rescheduling import RescheduleBooking
from booking.store import BookingStore
from core.mongo.client import Client, Db
from core.mongo.failures import WriteContention
from core.mongo.transactions import Session, transaction
from core.web.context import runtime_of
from devdb.replica_set import ReplicaSet
from inventory.admission import Admission
from tests.api_client import Answer, Api, over_app
from tests.conftest import Served, serving
from tests.faults.concurrency import run_concurrently

Call = Callable[[], Answer]
Made = Mapping[str, Any]


@pytest.fixture(scope="module")
def service(
    replica_set: ReplicaSet, module_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """The service with two workers, for all tests here: each takes a date of its own."""
    folder = tmp_path_factory.mktemp("service")
    with serving(replica_set.uri, folder, MONGODB_DATABASE=module_database) as running:
        yield running


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


def another_process(services: wiring.Services) -> tuple[CancelBooking, RescheduleBooking]:
    """Return the use cases over a group commit with a queue of its own."""
    group_commit = replace(services.booking.group_commit)
    booking = services.booking
    return replace(booking.cancel, group_commit=group_commit), replace(booking.reschedule, group_commit=group_commit)


def test_cancellation_of_an_outdated_booking_releases_the_present_slot(
    unguarded: tuple[Api, wiring.Services], monkeypatch: pytest.MonkeyPatch
) -> None:
    api, services = unguarded
    slots = api.slots("2026-03-05")[:2]
    made, _ = (api.book(slot).json["booking"] for slot in slots)
    outdated = services.booking.store.get(made["id"])
    move(api, made, slots[1])()

    for _ in range(2):
        assert services.booking.cancel.execute(Cancellation(made["id"]), outdated).status is Status.CANCELLED
        verified(services.db)
    assert [slot["remaining"] for slot in api.slots("2026-03-05")[:2]] == [4, 3]


def test_control_cancellation_without_a_check_releases_twice(
    unguarded: tuple[Api, wiring.Services], monkeypatch: pytest.MonkeyPatch
) -> None:
    api, services = unguarded
    slot = api.slots("2026-03-05")[0]
    made = fill(api, slot)
    outdated = services.booking.store.get(made[0]["id"])
    monkeypatch.setattr(booking_change, "require_current", lambda *_: None)

    for _ in range(2):
        services.booking.cancel.execute(Cancellation(outdated.id), outdated)

    with pytest.raises(AssertionError):
        verified(services.db)


@pytest.mark.parametrize("locks", [True, False])
def test_join_during_a_release_is_refused_and_control_without_lock(
    unguarded: tuple[Api, wiring.Services], monkeypatch: pytest.MonkeyPatch, locks: bool
) -> None:
    api, services = unguarded
    slot = api.slots("2026-03-05")[0]
    made = fill(api, slot)
    cancel_elsewhere, _ = another_process(services)
    join = schedules.store.SlotStore.join_queue

    def joining_meanwhile(
        store: schedules.store.SlotStore, session: Session, joining: Mapping[str, Sequence[int]]
    ) -> bool:
        if len(made) == slot["capacity"]:
            cancel_elsewhere.execute(Cancellation(made.pop()["id"]))
        if locks:
            return join(store, session, joining)
        services.db.slots.update_one({"_id": slot["_id"]}, {"$inc": {"waiting": 1}})
        return True

    monkeypatch.setattr(schedules.store.SlotStore, "join_queue", joining_meanwhile)
    answer = api.wait_for(slot)

    if locks:
        assert answer.code == "slot_has_places"
        verified(services.db)
    else:
        with pytest.raises(AssertionError):
            verified(services.db)


@pytest.mark.parametrize("checks", [True, False])
def test_reschedule_of_an_outdated_booking_and_control_without_the_check(
    unguarded: tuple[Api, wiring.Services], monkeypatch: pytest.MonkeyPatch, checks: bool
) -> None:
    api, services = unguarded
    slots = api.slots("2026-03-05")[:3]
    made, _ = (api.book(slots[0]).json["booking"] for _ in range(2))
    outdated = services.booking.store.get(made["id"])
    move(api, made, slots[1])()
    monkeypatch.setattr(BookingStore, "get", lambda *_: outdated)
    if not checks:
        monkeypatch.setattr(booking_change, "require_current", lambda *_: None)

    moved = move(api, made, slots[2])()

    if checks:
        assert (moved.status, moved.json["slotId"]) == (200, slots[2]["_id"])
        verified(services.db)
    else:
        with pytest.raises(AssertionError):
            verified(services.db)


def test_booking_never_takes_a_released_place_from_the_waiting_list(
    unguarded: tuple[Api, wiring.Services], monkeypatch: pytest.MonkeyPatch
) -> None:
    api, services = unguarded
    slot = api.slots("2026-03-05")[0]
    made = fill(api, slot)
    entry = api.wait_for(slot).json["entry"]
    group_commit = services.booking.group_commit
    group_commit.admission = Admission()
    first = threading.Event()
    write = SlotRecords.write

    def slow(records: SlotRecords, session: Session, requests: Sequence[Any]) -> None:
        first.wait(5)
        write(records, session, requests)

    monkeypatch.setattr(SlotRecords, "write", slow)
    other = api.slots("2026-03-05")[1]
    with ThreadPoolExecutor(3) as threads:
        leader = threads.submit(api.book, other)
        wait_until(lambda: group_commit._batcher._busy)
        released = threads.submit(cancel(api, made[0]))
        wait_until(lambda: len(group_commit._batcher._queue) == 1)
        late = threads.submit(api.book, slot)
        wait_until(lambda: len(group_commit._batcher._queue) == 2)
        first.set()
        answers = [leader.result(), released.result(), late.result()]

    assert [answer.status for answer in answers] == [201, 200, 409], [answer.body for answer in answers]
    assert api.held("GET", entry).json["status"] == "promoted"
    verified(services.db)


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)
