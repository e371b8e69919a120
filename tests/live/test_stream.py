"""Event stream: snapshots, updates, resumption, and the absence of personal data."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

import live.change_stream
from core.web.context import runtime_of
from live.broadcast_log import ReadCursor
from live.model import END, Position
from live.topics.catalogue import Topics
from schedules.service import Schedules
from tests.live.conftest import Reader, Worker, running, with_broadcast_log
from tests.live.sse_client import DATE, DisplayedSlots, displayed_slots

MEMBERS = {"slotId", "date", "bookedCount", "capacity", "remaining", "isFull", "closed"}


def test_stream_begins_with_a_snapshot_equal_to_the_slot_list(worker: Worker) -> None:
    first, *_ = worker.api.slots()
    assert worker.api.book(first).status == 201

    event = worker.read().next()

    assert event.name == "snapshot"
    assert event.payload == worker.api.slots()


def test_snapshot_shows_slots_without_a_document_as_free(worker: Worker) -> None:
    snapshot = worker.read().next()

    assert snapshot.payload == worker.api.slots()


def test_every_kind_of_change_is_sent(worker: Worker) -> None:
    slot, other, *_ = worker.api.slots()
    reader = worker.read()
    reader.next()

    booked = worker.api.book(slot).json["booking"]
    assert next_update(reader) == (slot["_id"], 1, 4, 3)
    worker.api.held("DELETE", booked)
    assert next_update(reader) == (slot["_id"], 0, 4, 4)
    worker.api.admin("PATCH", f"/slots/{other['_id']}", json={"capacity": 7})
    assert next_update(reader) == (other["_id"], 0, 7, 7)
    worker.api.admin("PATCH", f"/slots/{other['_id']}", json={"closed": True})
    assert next_update(reader) == (other["_id"], 0, 7, 0)
    worker.api.admin("PATCH", f"/slots/{other['_id']}", json={"closed": False})
    assert next_update(reader) == (other["_id"], 0, 7, 7)


def next_update(reader: Reader) -> tuple[Any, ...]:
    event = reader.next()
    assert event.name == "slotUpdate"
    assert event.payload.keys() == MEMBERS
    assert event.payload["date"] == DATE
    return tuple(event.payload[name] for name in ("slotId", "bookedCount", "capacity", "remaining"))


def test_waitlist_entries_are_sent_to_no_subscriber(worker: Worker) -> None:
    slot, other, *_ = worker.api.slots()
    worker.api.admin("PATCH", f"/slots/{slot['_id']}", json={"capacity": 1})
    assert worker.api.book(slot).status == 201
    reader = worker.read()
    assert "waiting" not in str(reader.next())

    assert worker.api.wait_for(slot).status == 202
    assert worker.api.book(other).status == 201

    assert next_update(reader)[0] == other["_id"]


def test_change_of_another_date_is_not_sent(worker: Worker) -> None:
    slot, (far, *_) = worker.api.slots()[0], worker.api.slots("2026-03-07")
    reader = worker.read()
    reader.next()

    assert worker.api.book(far).status == 201
    assert worker.api.book(slot).status == 201

    assert next_update(reader)[0] == slot["_id"]


class Rushed:
    """A database to which something happens between the reader of a snapshot and its telling."""

    def __init__(self, worker: Worker, happens: Callable[[], None]) -> None:
        self._read, self._happens = worker.topic.read, happens
        worker.topic.read = self.read  # type: ignore[method-assign]

    def read(self) -> tuple[Position, bytes]:
        found = self._read()
        self._happens()
        return found


def book_and_wait(worker: Worker, slot: dict[str, Any]) -> Callable[[], None]:
    """Return a function that books `slot` once and waits for the log's event."""

    def happens() -> None:
        log = worker.live.broadcast_log
        cursor = log.tail(DATE)
        assert worker.api.book(slot).status == 201
        while True:  # the log may hear first of the day's slots being made
            changed = log.changed(DATE)
            changes = log.since(DATE, cursor) or []
            if any(change.subject == slot["_id"] and b'"bookedCount":1' in change.message for change in changes):
                return
            assert changed.wait(30)

    return happens


def test_change_during_the_snapshot_read_is_sent_after_it(worker: Worker) -> None:
    slot, *_ = worker.api.slots()
    Rushed(worker, book_and_wait(worker, slot))

    reader = worker.read()

    assert reader.next().payload[0]["bookedCount"] == 0
    assert next_update(reader) == (slot["_id"], 1, 4, 3)


def test_control_subscriber_starting_after_the_snapshot_misses_a_change(worker: Worker) -> None:
    slot, *_ = worker.api.slots()
    rushed = Rushed(worker, book_and_wait(worker, slot))

    def too_late() -> tuple[Position, bytes]:
        _, message = rushed.read()
        return worker.live.broadcast_log._newest._replace(nth=END), message

    worker.topic.read = too_late  # type: ignore[method-assign]
    reader = worker.read()

    assert reader.next().payload[0]["bookedCount"] == 0
    assert reader.maybe() is None


def test_changes_in_the_snapshot_are_not_sent_again(worker: Worker) -> None:
    slot, *_ = worker.api.slots()
    for _ in range(3):
        assert worker.api.book(slot).status == 201

    reader = worker.read()

    assert reader.next().payload[0]["bookedCount"] == 3
    assert reader.maybe() is None


def test_message_id_resumes_on_every_worker_without_duplicates(make_worker: Callable[..., Worker]) -> None:
    here, there = make_worker(), make_worker()
    slot, *_ = here.api.slots()
    reader = here.read()
    reader.next()
    assert here.api.book(slot).status == 201
    last = reader.next()
    elsewhere = there.read()
    elsewhere.next()
    for count in (2, 3):
        assert here.api.book(slot).status == 201
        assert elsewhere.next().payload["bookedCount"] == count

    resumed = there.read(last.id)

    assert [resumed.next().payload["bookedCount"] for _ in range(2)] == [2, 3]
    assert resumed.maybe() is None


def commute(workers: list[Worker], cuts: int) -> tuple[DisplayedSlots, list[dict[str, Any]]]:
    """Read on one worker after the other, from the last id, while people book; return the displayed and the slots."""
    slots = workers[0].api.slots()
    for slot in slots:
        workers[0].api.admin("PATCH", f"/slots/{slot['_id']}", json={"capacity": 1000})
    displayed, last, ended = DisplayedSlots(), "", threading.Event()

    def rush() -> None:
        for number in range(cuts):
            assert workers[number % 2].api.book(slots[number % len(slots)]).status == 201
        ended.set()

    crowd = threading.Thread(target=rush)
    crowd.start()
    for number in range(cuts):
        reader = workers[number % 2].read(last)
        for _ in range(number % 3):
            event = reader.maybe(1)
            if event:
                displayed.apply(event)
                last = event.id
    crowd.join(60)
    assert ended.is_set()
    reader = workers[0].read(last)
    while event := reader.maybe():
        displayed.apply(event)
    return displayed, workers[0].api.slots()


def test_subscriber_cut_a_hundred_times_misses_no_booking(make_worker: Callable[..., Worker]) -> None:
    displayed, slots = commute([make_worker(), make_worker()], 100)

    assert displayed.slots == displayed_slots(slots)
    assert sum(slot["bookedCount"] for slot in slots) == 100


def test_control_resume_at_the_newest_position_misses_bookings(
    make_worker: Callable[..., Worker],
) -> None:
    workers = [make_worker(), make_worker()]
    for worker in workers:
        log = worker.live.broadcast_log
        log.resume = lambda date, position, log=log: ReadCursor(log.epoch, log._newest)  # type: ignore[method-assign, misc]

    displayed, slots = commute(workers, 20)

    assert displayed.slots != displayed_slots(slots)


def test_invalid_message_id_gets_a_snapshot(worker: Worker) -> None:
    for bad in ("x", "0", "ffffffff-1-1-1", "\u00e9", "a" * 4000, "1,2", "NaN"):
        assert worker.read(bad).next().name == "snapshot"


def test_message_id_of_other_date_or_distant_time_gets_a_snapshot(worker: Worker) -> None:
    reader = worker.read(date="2026-03-07")
    foreign = reader.next().id
    tag, seconds, *rest = worker.read().next().id.split("-")

    ids = [foreign, "-".join([tag, "1", *rest]), "-".join([tag, "ffffffff", *rest])]

    assert [worker.read(old).next().name for old in ids] == ["snapshot"] * 3
    assert int(seconds, 16) > 1_700_000_000


def test_slow_subscriber_gets_a_snapshot(make_worker: Callable[..., Worker]) -> None:
    worker = make_worker(max_changes=3)
    slot, *_ = worker.api.slots()
    slow, quick = worker.read(), worker.read()
    assert slow.next().name == quick.next().name == "snapshot"
    for count in range(1, 5):
        assert worker.api.book(slot).status == 201
        assert quick.next().payload["bookedCount"] == count

    fallen = slow.next()

    assert fallen.name == "snapshot"
    assert fallen.payload == worker.api.slots()
    assert slow.maybe() is None
    assert len(worker.live.broadcast_log._order) == 3


def test_silent_stream_sends_heartbeats(worker: Worker) -> None:
    reader = worker.read()
    reader.next()

    assert reader.maybe(beats=3) is None
    assert reader.beats == 3


def test_lost_history_sends_a_snapshot_and_the_stream_continues(worker: Worker) -> None:
    slot, *_ = worker.api.slots()
    readers = [worker.read() for _ in range(3)]
    for reader in readers:
        reader.next()

    with worker.fault("getMore", times=1, errorCode=286):
        assert [reader.next().name for reader in readers] == ["snapshot"] * 3

    assert worker.api.book(slot).status == 201
    assert {next_update(reader) for reader in readers} == {(slot["_id"], 1, 4, 3)}


def test_short_database_outage_sends_no_snapshot(worker: Worker, make_worker: Callable[..., Worker]) -> None:
    slot, *_ = worker.api.slots()
    reader, other = worker.read(), make_worker()
    reader.next()

    with worker.fault("getMore", "aggregate", "find", errorCode=91) as struck:
        struck()
        assert other.api.book(slot).status == 201
        assert reader.maybe(beats=15) is None

    assert next_update(reader) == (slot["_id"], 1, 4, 3)


def test_long_database_outage_ends_with_a_snapshot(
    worker: Worker, make_worker: Callable[..., Worker], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live.change_stream, "MAX_OUTAGE_SECONDS", 0.5)
    slot, *_ = worker.api.slots()
    reader, other = worker.read(), make_worker()
    reader.next()

    with worker.fault("getMore", "aggregate", "find", errorCode=91) as struck:
        struck()
        assert other.api.book(slot).status == 201
        assert reader.maybe(beats=25) is None, "no subscriber gets a wrong state"

    after = reader.next()
    assert after.name == "snapshot"
    assert after.payload[0]["bookedCount"] == 1


def test_dropped_collection_sends_a_snapshot(worker: Worker) -> None:
    slot, *_ = worker.api.slots()
    assert worker.api.book(slot).status == 201
    reader = worker.read()
    reader.next()

    worker.live.change_stream._db.drop_collection("slots")

    event = reader.next()
    assert event.name == "snapshot"
    assert event.payload[0]["bookedCount"] == 0


def test_passing_cutoff_sends_a_snapshot_without_a_write(make_worker: Callable[..., Worker]) -> None:
    made = make_worker()
    schedule = dataclasses.replace(runtime_of(made.app).get(Schedules).schedule, cutoff=timedelta(0))
    first, second, *_ = schedule.day_by_date[DATE].slots
    times = [first.starts_at - timedelta(minutes=1)]
    topics = Topics(made.live.change_stream._db, schedule, lambda: times[-1])
    with running(with_broadcast_log(dataclasses.replace(made.live, topics=topics))) as streams:
        reader = Reader(streams)
        assert [slot["closed"] for slot in reader.next().payload][:2] == [False, False]

        times.append(second.starts_at - timedelta(minutes=1))

        assert [slot["closed"] for slot in reader.next().payload][:2] == [True, False]
        assert reader.maybe() is None
