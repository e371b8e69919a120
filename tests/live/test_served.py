"""Streams of the service as users get it: two workers, connections that end, a primary that dies, a stop."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from core.mongo.client import Client, Db
from core.mongo.dead_processes import app_name
from devdb.replica_set import ReplicaSet
from tests.conftest import Served, serving
from tests.live.sse_client import DisplayedSlots, Stream, displayed_slots, on_both, on_worker, opened


@pytest.fixture(scope="module")
def service(
    replica_set: ReplicaSet, module_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """One service for the tests of this module, which use a date each."""
    folder = tmp_path_factory.mktemp("live")
    with serving(replica_set.uri, folder, MONGODB_DATABASE=module_database) as running:
        yield running


def test_every_worker_sends_every_change(service: Served) -> None:
    api = service.api
    slot, other, *_ = api.slots()
    with on_both(service.url, service.workers()) as streams:

        def assert_update(slot_id: str, booked: int, capacity: int, remaining: int) -> None:
            for stream in streams:
                event = stream.next()
                assert event.name == "slotUpdate"
                wanted = {"slotId": slot_id, "bookedCount": booked, "capacity": capacity, "remaining": remaining}
                assert wanted.items() <= event.payload.items()

        booking = api.book(slot).json["booking"]
        assert_update(slot["_id"], 1, 4, 3)
        api.held("DELETE", booking)
        assert_update(slot["_id"], 0, 4, 4)
        api.admin("PATCH", f"/slots/{other['_id']}", json={"capacity": 9})
        assert_update(other["_id"], 0, 9, 9)
        api.admin("PATCH", f"/slots/{other['_id']}", json={"closed": True})
        assert_update(other["_id"], 0, 9, 0)
        for stream in streams:
            assert stream.headers["Content-Type"] == "text/event-stream; charset=utf-8"
            assert 1000 <= stream.retry <= 3000


def test_stream_cut_a_hundred_times_misses_no_change_on_any_worker(service: Served) -> None:
    query = "date=2026-03-07"
    slots = service.api.slots("2026-03-07")
    for slot in slots:
        service.api.admin("PATCH", f"/slots/{slot['_id']}", json={"capacity": 1000})
    displayed, last, done = DisplayedSlots(), "", threading.Event()
    resumed = 0

    def rush() -> None:
        for number in range(120):
            assert service.api.book(slots[number % len(slots)]).status == 201
        done.set()

    crowd = threading.Thread(target=rush)
    crowd.start()
    for number in range(100):
        with opened(service.url, last, query=query) as stream:
            for _ in range(1 + number % 2):
                event = None
                while event is None and not (done.is_set() and stream.events.empty()):
                    event = stream.maybe(0.05)
                if event is not None:
                    resumed += event.name == "slotUpdate"
                    displayed.apply(event)
                    last = event.id
    crowd.join(60)
    final = displayed_slots(service.api.slots("2026-03-07"))
    with opened(service.url, last, query=query) as stream:
        end = time.monotonic() + 30
        while displayed.slots != final and time.monotonic() < end:
            event = stream.maybe(0.1)
            if event:
                displayed.apply(event)

    assert done.is_set()
    assert displayed.slots == final
    assert sum(booked for booked, _, _ in final.values()) == 120
    assert resumed > 50, "most changes came as updates, not by snapshots"


def test_message_id_of_one_worker_resumes_on_the_other(service: Served) -> None:
    query = "date=2026-03-09"
    slot, *_ = service.api.slots("2026-03-09")
    pids = service.workers()
    with on_both(service.url, service.workers(), query) as streams:
        assert service.api.book(slot).status == 201
        first = [stream.next() for stream in streams]
        assert service.api.book(slot).status == 201
        second = [stream.next() for stream in streams]
        assert first[0] == first[1]
        assert second[0] == second[1]

        for pid in pids:
            resumed = on_worker(service.url, pids, pid, first[0].id, query=query)
            assert resumed.next() == second[0]
            resumed.close()


def test_lost_history_sends_a_snapshot_on_each_worker(service: Served, mongo: Client) -> None:
    query = "date=2026-03-11"
    slot, *_ = service.api.slots("2026-03-11")
    with on_both(service.url, service.workers(), query) as streams:
        for stream, pid in zip(streams, service.workers(), strict=True):
            target = {"failCommands": ["getMore"], "appName": app_name(pid), "errorCode": 286}
            mongo.admin.command({"configureFailPoint": "failCommand", "mode": {"times": 1}, "data": target})
            assert stream.next().name == "snapshot"

        assert service.api.book(slot).status == 201
        assert [stream.next().payload["bookedCount"] for stream in streams] == [1, 1]
    assert service.log.read_text().count("live_history_lost") == 2


def test_bad_message_id_gets_a_snapshot(service: Served) -> None:
    for bad in ("x", "ffffffff-1-1-1", "0" * 5000, "%00", "-1"):
        with opened(service.url, bad, query="date=2026-03-13") as stream:
            assert stream.status == 200
            assert stream.next().name == "snapshot"


# A day of 287 slots, whose updates soon fill a connection without a reader, and a day of 12.
CROWDED = """\
id = "crowded"
name = "Two days"
timezone = "Europe/Berlin"
refusal = "Only the two days are allowed."
slot_minutes = 5
capacity = 1
dates = ["2031-06-10", "2031-06-11"]
days = [{name = "Long", start = "00:00", end = "23:55"}, {name = "Short", start = "09:00", end = "10:00"}]
"""


def test_stop_ends_a_hundred_streams_and_logs_one_line_for_each(
    replica_set: ReplicaSet, mongo: Client, tmp_path: Path
) -> None:
    file = tmp_path / "crowded.toml"
    file.write_text(CROWDED, encoding="utf-8")
    with serving(replica_set.uri, tmp_path, SCHEDULE_FILE=str(file)) as served, ExitStack() as open_ones:
        db = mongo[served.environment["MONGODB_DATABASE"]]
        open_ones.callback(mongo.drop_database, db.name)
        served.api.slots("2031-06-10")
        streams = [open_ones.enter_context(opened(served.url, query="date=2031-06-11")) for _ in range(100)]
        for stream in streams:
            assert stream.next().name == "snapshot"
        stuck = [open_ones.enter_context(opened(served.url, query="date=2031-06-10", read=False)) for _ in range(4)]
        fill(db, stuck)

        begun = time.monotonic()
        served.process.terminate()
        assert all(stream.ended() for stream in streams)
        served.process.wait(30)

        assert time.monotonic() - begun < 20, "gunicorn cuts after 25"
        lines = [json.loads(line) for line in served.log.read_text().splitlines() if '"/api/live"' in line]
        assert len(lines) == len(streams) + len(stuck)
        assert "Traceback" not in served.log.read_text()


def fill(db: Db, stuck: list[Stream]) -> None:
    """Change all slots of the long day until the streams without a reader can take no more."""
    before, end = [0] * len(stuck), time.monotonic() + 60
    while True:
        db.slots.update_many({"date": "2031-06-10"}, {"$inc": {"capacity": 1}})
        time.sleep(0.1)  # a reader rests as long between two sendings
        waiting = [unsent(stream) for stream in stuck]
        if min(waiting) > 0 and waiting == before:
            return
        assert time.monotonic() < end, "they took everything"
        before = waiting


def unsent(stream: Stream) -> int:
    """Return how many bytes the service's end of the connection holds back."""
    mine, theirs = stream.connection.getsockname()[1], stream.connection.getpeername()[1]
    rows = [line.split() for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]]
    found = [row[4] for row in rows if row[1].endswith(f":{theirs:04X}") and row[2].endswith(f":{mine:04X}")]
    return int(found[0].partition(":")[0], 16)
