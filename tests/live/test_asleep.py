"""Nobody reads, so nothing is followed: the first reader wakes the watcher, and misses nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from flask import Flask

import live.broadcast_log
import live.change_stream
from live.streams import LiveStreams
from tests.api_client import Api, over_app
from tests.live.conftest import Reading, with_feed
from tests.live.events import DATE


@pytest.fixture
def asleep(make_app: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Api, LiveStreams]]:
    """A service whose watcher runs and has no reader yet."""
    monkeypatch.setattr(live.change_stream, "PATIENCE_MS", 100)
    monkeypatch.setattr(live.change_stream, "ASLEEP", 0.05)
    app = make_app()
    streams = with_feed(app.extensions["booking.live"])
    thread = threading.Thread(target=streams.watcher.run, daemon=True)
    thread.start()
    yield Api(over_app(app)), streams
    streams.feed.close()
    thread.join(10)
    assert not thread.is_alive()


def test_without_a_reader_no_change_is_followed(
    asleep: tuple[Api, LiveStreams], monkeypatch: pytest.MonkeyPatch
) -> None:
    api, streams = asleep
    followed = threading.Event()
    monkeypatch.setattr(streams.watcher, "_follow", followed.set)

    assert api.book(api.slots(DATE)[0]).status == 201

    assert not followed.wait(0.5)
    assert streams.feed.epoch == 0


def test_control_one_that_is_called_follows(asleep: tuple[Api, LiveStreams], monkeypatch: pytest.MonkeyPatch) -> None:
    _, streams = asleep
    followed = threading.Event()
    monkeypatch.setattr(streams.watcher, "_follow", followed.set)

    streams.feed.wake(0)

    assert followed.wait(30)


def test_the_first_reader_wakes_it_and_gets_one_snapshot_and_then_changes(asleep: tuple[Api, LiveStreams]) -> None:
    api, streams = asleep
    slot = api.slots(DATE)[0]
    reader = Reading(streams)

    assert reader.next().name == "snapshot"
    api.book(slot)

    update = reader.next()
    assert (update.name, update.told["bookedCount"]) == ("slotUpdate", 1)


def test_who_comes_back_after_it_slept_begins_with_a_snapshot(
    asleep: tuple[Api, LiveStreams], monkeypatch: pytest.MonkeyPatch
) -> None:
    api, streams = asleep
    slot = api.slots(DATE)[0]
    reader = Reading(streams)
    known = reader.next().id
    monkeypatch.setattr(live.broadcast_log, "REMEMBERED_SECONDS", 0.0)
    reader._messages.close()  # type: ignore[attr-defined]  # a generator
    slept = threading.Event()

    def sleep(_: float) -> None:
        slept.set()
        streams.feed.wait_for_end(0.05)

    monkeypatch.setattr(streams.feed, "wait_until_wanted", sleep)
    assert slept.wait(30)
    monkeypatch.undo()
    api.book(slot)

    again = Reading(streams, known)

    told = again.next()
    assert told.name == "snapshot"
    assert told.told[0]["bookedCount"] == 1
