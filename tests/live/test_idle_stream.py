"""An idle change stream: the first reader starts it and misses nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from flask import Flask

import live.change_stream
import live.demand
from core.web.context import runtime_of
from live.streams import LiveStreams
from tests.api_client import Api, over_app
from tests.live.conftest import Reader, with_broadcast_log
from tests.live.sse_client import DATE


@pytest.fixture
def idle_service(make_app: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Api, LiveStreams]]:
    """A service whose change stream runs without a subscriber."""
    monkeypatch.setattr(live.change_stream, "MAX_AWAIT_MS", 100)
    monkeypatch.setattr(live.change_stream, "IDLE_SECONDS", 0.05)
    app = make_app()
    streams = with_broadcast_log(runtime_of(app).get(LiveStreams))
    thread = threading.Thread(target=streams.change_stream.run, daemon=True)
    thread.start()
    yield Api(over_app(app)), streams
    streams.broadcast_log.close()
    thread.join(10)
    assert not thread.is_alive()


def test_change_stream_without_subscriber_is_not_read(
    idle_service: tuple[Api, LiveStreams], monkeypatch: pytest.MonkeyPatch
) -> None:
    api, streams = idle_service
    followed = threading.Event()
    monkeypatch.setattr(streams.change_stream, "_follow", followed.set)

    assert api.book(api.slots(DATE)[0]).status == 201

    assert not followed.wait(0.5)
    assert streams.broadcast_log.epoch == 0


def test_control_change_stream_that_is_woken_is_read(
    idle_service: tuple[Api, LiveStreams], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, streams = idle_service
    followed = threading.Event()
    monkeypatch.setattr(streams.change_stream, "_follow", followed.set)

    streams.broadcast_log.demand.wake(0)

    assert followed.wait(30)


def test_first_subscriber_wakes_change_stream_and_gets_one_snapshot(idle_service: tuple[Api, LiveStreams]) -> None:
    api, streams = idle_service
    slot = api.slots(DATE)[0]
    reader = Reader(streams)

    assert reader.next().name == "snapshot"
    api.book(slot)

    update = reader.next()
    assert (update.name, update.payload["bookedCount"]) == ("slotUpdate", 1)


def test_subscriber_returning_after_idle_time_gets_a_snapshot(
    idle_service: tuple[Api, LiveStreams], monkeypatch: pytest.MonkeyPatch
) -> None:
    api, streams = idle_service
    slot = api.slots(DATE)[0]
    reader = Reader(streams)
    known = reader.next().id
    monkeypatch.setattr(live.demand, "LINGER_SECONDS", 0.0)
    reader._messages.close()  # type: ignore[attr-defined]  # a generator
    slept = threading.Event()

    def sleep(_: float) -> None:
        slept.set()
        streams.broadcast_log.demand.wait_for_end(0.05)

    monkeypatch.setattr(streams.broadcast_log.demand, "wait_until_wanted", sleep)
    assert slept.wait(30)
    monkeypatch.undo()
    api.book(slot)

    again = Reader(streams, known)

    event = again.next()
    assert event.name == "snapshot"
    assert event.payload[0]["bookedCount"] == 1
