"""What a stream tells, and that nothing is missed, told twice in the wrong order, or told of a person."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

import live.change_stream
from live.broadcast_log import ReadCursor
from live.connection_limits import ConnectionLimiter
from live.model import END, Position
from schedules.model import Slot
from tests.api_client import Api, over_app
from tests.live.conftest import Reading, Worker, running, with_feed
from tests.live.events import DATE, Board, Event, parsed, shown

MEMBERS = {"slotId", "date", "bookedCount", "capacity", "remaining", "isFull", "closed"}


def test_a_stream_begins_with_the_slots_as_they_are_listed(worker: Worker) -> None:
    first, *_ = worker.api.slots()
    assert worker.api.book(first).status == 201

    event = worker.read().next()

    assert event.name == "snapshot"
    assert event.told == worker.api.slots()


def test_slots_that_nobody_asked_for_yet_are_shown_as_they_will_be_made(worker: Worker) -> None:
    snapshot = worker.read().next()

    assert snapshot.told == worker.api.slots()


def test_every_kind_of_change_is_told(worker: Worker) -> None:
    slot, other, *_ = worker.api.slots()
    reading = worker.read()
    reading.next()

    booked = worker.api.book(slot).json["booking"]
    assert told(reading) == (slot["_id"], 1, 4, 3)
    worker.api.held("DELETE", booked)
    assert told(reading) == (slot["_id"], 0, 4, 4)
    worker.api.admin("PATCH", f"/slots/{other['_id']}", json={"capacity": 7})
    assert told(reading) == (other["_id"], 0, 7, 7)
    worker.api.admin("PATCH", f"/slots/{other['_id']}", json={"closed": True})
    assert told(reading) == (other["_id"], 0, 7, 0)
    worker.api.admin("PATCH", f"/slots/{other['_id']}", json={"closed": False})
    assert told(reading) == (other["_id"], 0, 7, 7)


def told(reading: Reading) -> tuple[Any, ...]:
    event = reading.next()
    assert event.name == "slotUpdate"
    assert event.told.keys() == MEMBERS
    assert event.told["date"] == DATE
    return tuple(event.told[name] for name in ("slotId", "bookedCount", "capacity", "remaining"))


def test_who_waits_is_told_to_nobody(worker: Worker) -> None:
    slot, other, *_ = worker.api.slots()
    worker.api.admin("PATCH", f"/slots/{slot['_id']}", json={"capacity": 1})
    assert worker.api.book(slot).status == 201
    reading = worker.read()
    assert "waiting" not in str(reading.next())

    assert worker.api.wait_for(slot).status == 202
    assert worker.api.book(other).status == 201

    assert told(reading)[0] == other["_id"]


def test_changes_of_other_dates_are_told_to_their_own_readers_alone(worker: Worker) -> None:
    slot, (far, *_) = worker.api.slots()[0], worker.api.slots("2026-03-07")
    reading = worker.read()
    reading.next()

    assert worker.api.book(far).status == 201
    assert worker.api.book(slot).status == 201

    assert told(reading)[0] == slot["_id"]


class Rushed:
    """A database to which something happens between the reading of a snapshot and its telling."""

    def __init__(self, worker: Worker, happens: Callable[[], None]) -> None:
        self._read, self._happens = worker.live.watcher.read, happens
        worker.live.watcher.read = self.read  # type: ignore[method-assign]

    def read(self, date: str) -> tuple[Position, list[Slot]]:
        found = self._read(date)
        self._happens()
        return found


def book_and_wait(worker: Worker, slot: dict[str, Any]) -> Callable[[], None]:
    """Return what books `slot` once and returns when the feed has heard of it."""

    def happens() -> None:
        feed = worker.live.feed
        mark = feed.here(DATE)
        assert worker.api.book(slot).status == 201
        while True:  # the feed may hear first of the day's slots being made
            news = feed.news(DATE)
            changes = feed.since(DATE, mark) or []
            if any(kept.slot_id == slot["_id"] and b'"bookedCount":1' in kept.message for kept in changes):
                return
            assert news.wait(30)

    return happens


def test_what_happens_while_the_snapshot_is_read_is_told_after_it(worker: Worker) -> None:
    slot, *_ = worker.api.slots()
    Rushed(worker, book_and_wait(worker, slot))

    reading = worker.read()

    assert reading.next().told[0]["bookedCount"] == 0
    assert told(reading) == (slot["_id"], 1, 4, 3)


def test_control_a_reader_that_begins_to_listen_after_the_snapshot_misses_it(worker: Worker) -> None:
    slot, *_ = worker.api.slots()
    rushed = Rushed(worker, book_and_wait(worker, slot))

    def too_late(date: str) -> tuple[Position, list[Slot]]:
        _, slots = rushed.read(date)
        return worker.live.feed._newest._replace(nth=END), slots

    worker.live.watcher.read = too_late  # type: ignore[method-assign]
    reading = worker.read()

    assert reading.next().told[0]["bookedCount"] == 0
    assert reading.maybe() is None


def test_a_snapshot_is_not_followed_by_what_it_holds_already(worker: Worker) -> None:
    slot, *_ = worker.api.slots()
    for _ in range(3):
        assert worker.api.book(slot).status == 201

    reading = worker.read()

    assert reading.next().told[0]["bookedCount"] == 3
    assert reading.maybe() is None


def test_an_id_is_good_in_every_worker_and_nothing_is_told_twice(make_worker: Callable[..., Worker]) -> None:
    here, there = make_worker(), make_worker()
    slot, *_ = here.api.slots()
    reading = here.read()
    reading.next()
    assert here.api.book(slot).status == 201
    last = reading.next()
    elsewhere = there.read()
    elsewhere.next()
    for count in (2, 3):
        assert here.api.book(slot).status == 201
        assert elsewhere.next().told["bookedCount"] == count

    resumed = there.read(last.id)

    assert [resumed.next().told["bookedCount"] for _ in range(2)] == [2, 3]
    assert resumed.maybe() is None


def commute(workers: list[Worker], cuts: int) -> tuple[Board, list[dict[str, Any]]]:
    """Read on one worker after the other, from the last id, while people book; return the board and the slots."""
    slots = workers[0].api.slots()
    for slot in slots:
        workers[0].api.admin("PATCH", f"/slots/{slot['_id']}", json={"capacity": 1000})
    board, last, ended = Board(), "", threading.Event()

    def rush() -> None:
        for number in range(cuts):
            assert workers[number % 2].api.book(slots[number % len(slots)]).status == 201
        ended.set()

    crowd = threading.Thread(target=rush)
    crowd.start()
    for number in range(cuts):
        reading = workers[number % 2].read(last)
        for _ in range(number % 3):
            event = reading.maybe(1)
            if event:
                board.hear(event)
                last = event.id
    crowd.join(60)
    assert ended.is_set()
    reading = workers[0].read(last)
    while event := reading.maybe():
        board.hear(event)
    return board, workers[0].api.slots()


def test_a_reader_cut_off_a_hundred_times_while_people_book_misses_nothing(make_worker: Callable[..., Worker]) -> None:
    board, slots = commute([make_worker(), make_worker()], 100)

    assert board.slots == shown(slots)
    assert sum(slot["bookedCount"] for slot in slots) == 100


def test_control_a_service_that_resumes_where_it_is_now_loses_what_happened_meanwhile(
    make_worker: Callable[..., Worker],
) -> None:
    workers = [make_worker(), make_worker()]
    for worker in workers:
        feed = worker.live.feed
        feed.resume = lambda date, position, feed=feed: ReadCursor(feed.epoch, feed._newest)  # type: ignore[method-assign, misc]

    board, slots = commute(workers, 20)

    assert board.slots != shown(slots)


def test_an_id_that_nobody_gave_brings_a_snapshot(worker: Worker) -> None:
    for bad in ("x", "0", "ffffffff-1-1-1", "\u00e9", "a" * 4000, "1,2", "NaN"):
        assert worker.read(bad).next().name == "snapshot"


def test_an_id_of_another_date_the_past_or_the_future_brings_a_snapshot(worker: Worker) -> None:
    reading = worker.read(date="2026-03-07")
    foreign = reading.next().id
    tag, seconds, *rest = worker.read().next().id.split("-")

    ids = [foreign, "-".join([tag, "1", *rest]), "-".join([tag, "ffffffff", *rest])]

    assert [worker.read(old).next().name for old in ids] == ["snapshot"] * 3
    assert int(seconds, 16) > 1_700_000_000


def test_a_slow_reader_is_dropped_to_a_snapshot(make_worker: Callable[..., Worker]) -> None:
    worker = make_worker(most=3)
    slot, *_ = worker.api.slots()
    slow, quick = worker.read(), worker.read()
    assert slow.next().name == quick.next().name == "snapshot"
    for count in range(1, 5):
        assert worker.api.book(slot).status == 201
        assert quick.next().told["bookedCount"] == count

    fallen = slow.next()

    assert fallen.name == "snapshot"
    assert fallen.told == worker.api.slots()
    assert slow.maybe() is None
    assert len(worker.live.feed._order) == 3


def test_silence_is_filled_with_heartbeats(worker: Worker) -> None:
    reading = worker.read()
    reading.next()

    assert reading.maybe(beats=3) is None
    assert reading.beats == 3


def test_lost_history_brings_everybody_a_snapshot_and_the_stream_goes_on(worker: Worker) -> None:
    slot, *_ = worker.api.slots()
    readings = [worker.read() for _ in range(3)]
    for reading in readings:
        reading.next()

    with worker.fault("getMore", times=1, errorCode=286):
        assert [reading.next().name for reading in readings] == ["snapshot"] * 3

    assert worker.api.book(slot).status == 201
    assert {told(reading) for reading in readings} == {(slot["_id"], 1, 4, 3)}


def test_a_short_absence_of_the_database_is_not_noticed(worker: Worker, make_worker: Callable[..., Worker]) -> None:
    slot, *_ = worker.api.slots()
    reading, other = worker.read(), make_worker()
    reading.next()

    with worker.fault("getMore", "aggregate", "find", errorCode=91) as struck:
        struck()
        assert other.api.book(slot).status == 201
        assert reading.maybe(beats=15) is None

    assert told(reading) == (slot["_id"], 1, 4, 3)


def test_a_long_absence_ends_with_a_snapshot(
    worker: Worker, make_worker: Callable[..., Worker], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live.change_stream, "LONG_AWAY", 0.5)
    slot, *_ = worker.api.slots()
    reading, other = worker.read(), make_worker()
    reading.next()

    with worker.fault("getMore", "aggregate", "find", errorCode=91) as struck:
        struck()
        assert other.api.book(slot).status == 201
        assert reading.maybe(beats=25) is None, "nobody is told anything wrong"

    after = reading.next()
    assert after.name == "snapshot"
    assert after.told[0]["bookedCount"] == 1


def test_a_dropped_collection_brings_a_snapshot(worker: Worker) -> None:
    slot, *_ = worker.api.slots()
    assert worker.api.book(slot).status == 201
    reading = worker.read()
    reading.next()

    worker.live.watcher._db.drop_collection("slots")

    event = reading.next()
    assert event.name == "snapshot"
    assert event.told[0]["bookedCount"] == 0


def test_a_cut_off_that_passes_is_told_though_nothing_was_written(make_worker: Callable[..., Worker]) -> None:
    made = make_worker().live
    schedule = dataclasses.replace(made.schedule, cutoff=timedelta(0))
    first, second, *_ = schedule.day_by_date[DATE].slots
    times = [first.starts_at - timedelta(minutes=1)]
    clocked = dataclasses.replace(made, schedule=schedule, clock=lambda: times[-1])
    messages = dataclasses.replace(made.messages, schedule=schedule, clock=clocked.clock)
    with running(with_feed(dataclasses.replace(clocked, messages=messages))) as streams:
        reading = Reading(streams)
        assert [slot["closed"] for slot in reading.next().told][:2] == [False, False]

        times.append(second.starts_at - timedelta(minutes=1))

        assert [slot["closed"] for slot in reading.next().told][:2] == [True, False]
        assert reading.maybe() is None


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "date_not_bookable"),
        ("date=", "date_not_bookable"),
        ("date=2026-03-04", "date_not_bookable"),
        ("date=2026-3-5", "date_not_bookable"),
        ("date=2026-03-05&date=2026-03-05", "date_not_bookable"),
        ("date=2026-03-05&colour=red", "validation_failed"),
        ("events=1", "validation_failed"),
        ("date=2026-03-05&events=1", "validation_failed"),
    ],
)
def test_other_questions_are_refused(query: str, code: str, quiet: Api) -> None:
    answer = quiet.get("/api/live?" + query)

    assert (answer.status, answer.code) == (400, code)


def test_where_no_watcher_runs_the_stream_ends_after_the_snapshot(quiet: Api) -> None:
    answer = quiet.get(f"/api/live?date={DATE}")

    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/event-stream; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Accel-Buffering"] == "no"
    assert [event.name for event in parsed(answer.body.decode())] == ["snapshot"]
    retry = int(answer.body.partition(b"\n")[0].removeprefix(b"retry: "))
    assert 1000 <= retry <= 3000


def test_a_stream_counts_once_against_the_limit(make_app: Callable[..., Flask]) -> None:
    api = Api(over_app(make_app(RATE_LIMIT_DEFAULT="2 per hour")))

    statuses = [api.get(f"/api/live?date={DATE}").status for _ in range(3)]

    assert statuses == [200, 200, 429]


@pytest.mark.parametrize(
    ("places", "status", "code"),
    [(ConnectionLimiter(1, 10), 503, "unavailable"), (ConnectionLimiter(10, 1), 429, "too_many_requests")],
)
def test_streams_are_bounded_in_sum_and_by_address(
    places: ConnectionLimiter, status: int, code: str, app: Flask
) -> None:
    streams = app.extensions["booking.live"]
    object.__setattr__(streams, "places", places)
    client = app.test_client()
    held = client.get(f"/api/live?date={DATE}", buffered=False)

    refused = Api(over_app(app)).get(f"/api/live?date={DATE}")

    assert (refused.status, refused.code) == (status, code)
    assert int(refused.headers["Retry-After"]) > 0
    held.close()
    assert places.count() == 0
    assert client.get(f"/api/live?date={DATE}").status_code == 200


def test_whatever_ends_a_request_its_place_is_given_back(app: Flask) -> None:
    client, places = app.test_client(), app.extensions["booking.live"].places

    assert client.head(f"/api/live?date={DATE}", buffered=True).status_code == 200
    assert client.get("/api/live?date=2026-03-04").status_code == 400

    assert places.count() == 0


def test_when_its_worker_ends_every_stream_ends_and_those_that_are_stuck_are_cut(worker: Worker) -> None:
    reading, cut = worker.read(), threading.Event()
    reading.next()
    next(worker.live.places.take("a", cut.set).watched(iter([b"1"])))

    worker.live.supervise(lambda: False)

    assert cut.is_set()
    assert reading.maybe() is None
    assert reading.beats == 0
    assert [event.name for event in all_of(worker.read())] == ["snapshot"], "who comes now is sent on"


def all_of(reading: Reading) -> list[Event]:
    return list(iter(reading.maybe, None))


def test_a_stream_whose_client_takes_nothing_is_cut() -> None:
    places, cut = ConnectionLimiter(), []
    stuck, fine = places.take("a", lambda: cut.append("stuck")), places.take("a", lambda: cut.append("fine"))
    sending, sent = stuck.watched(iter([b"1"])), fine.watched(iter([b"1"]))
    next(sending)
    assert list(sent) == [b"1"]

    places.cut_stuck(10)
    assert cut == []
    places.cut_stuck(0)

    assert cut == ["stuck"]
