"""Connection limits: per process, per address, and stalled connections."""

from __future__ import annotations

import threading

import pytest
from flask import Flask

from core.web.context import runtime_of
from live.connection_limits import ConnectionLimiter
from live.streams import LiveStreams
from tests.api_client import Api, over_app
from tests.live.conftest import Reader, Worker
from tests.live.sse_client import DATE, Event


@pytest.mark.parametrize(
    ("limiter", "status", "code"),
    [(ConnectionLimiter(1, 10), 503, "unavailable"), (ConnectionLimiter(10, 1), 429, "too_many_requests")],
)
def test_streams_are_limited_per_process_and_per_address(
    limiter: ConnectionLimiter, status: int, code: str, app: Flask
) -> None:
    streams = runtime_of(app).get(LiveStreams)
    object.__setattr__(streams, "limiter", limiter)
    client = app.test_client()
    held = client.get(f"/api/live?date={DATE}", buffered=False)

    refused = Api(over_app(app)).get(f"/api/live?date={DATE}")

    assert (refused.status, refused.code) == (status, code)
    assert int(refused.headers["Retry-After"]) > 0
    held.close()
    assert limiter.count() == 0
    assert client.get(f"/api/live?date={DATE}").status_code == 200


def test_connection_is_released_however_the_request_ends(app: Flask) -> None:
    client, limiter = app.test_client(), runtime_of(app).get(LiveStreams).limiter

    assert client.head(f"/api/live?date={DATE}", buffered=True).status_code == 200
    assert client.get("/api/live?date=2026-03-04").status_code == 400

    assert limiter.count() == 0


def test_worker_stop_ends_every_stream_and_aborts_stalled_ones(worker: Worker) -> None:
    reader, cut = worker.read(), threading.Event()
    reader.next()
    next(worker.live.limiter.acquire("a", cut.set).track_writes(iter([b"1"])))

    worker.live.supervise(lambda: False)

    assert cut.is_set()
    assert reader.maybe() is None
    assert reader.beats == 0
    assert [event.name for event in all_of(worker.read())] == ["snapshot"], "who comes now is sent on"


def all_of(reader: Reader) -> list[Event]:
    return list(iter(reader.maybe, None))


def test_stalled_stream_is_aborted() -> None:
    limiter, cut = ConnectionLimiter(), []
    stuck, fine = limiter.acquire("a", lambda: cut.append("stuck")), limiter.acquire("a", lambda: cut.append("fine"))
    sending, sent = stuck.track_writes(iter([b"1"])), fine.track_writes(iter([b"1"]))
    next(sending)
    assert list(sent) == [b"1"]

    limiter.close_stalled(10)
    assert cut == []
    limiter.close_stalled(0)

    assert cut == ["stuck"]
