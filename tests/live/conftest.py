"""Workers of one service in this process, each with its change stream and its own database faults."""

from __future__ import annotations

import dataclasses
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask

import live.change_stream
from app import create_app
from core.config.settings import Settings
from core.mongo.client import Client, connect
from core.web.context import runtime_of
from devdb.replica_set import ReplicaSet
from live.broadcast_log import BroadcastLog
from live.change_stream import ChangeStreamConsumer
from live.streams import LiveStreams
from live.topics.base import Topic
from tests import factories
from tests.api_client import Api, over_app
from tests.live.sse_client import DATE, Event, parsed

SOON = 0.1
TICKETS = "events"


def topic_of(live: LiveStreams, name: str) -> Topic:
    """Return the topic of a date, or that of the tickets."""
    return live.topics.tickets if name == TICKETS else live.topics.of_date(name)


class Reader:
    """A subscriber in this process, which takes one message at a time."""

    def __init__(self, live: LiveStreams, last_id: str = "", date: str = DATE) -> None:
        self._messages = live.open(topic_of(live, date), last_id)
        self._left: list[Event] = []
        self.beats = 0

    def next(self, beats: int = 100) -> Event:
        """Return the next message; fail after so many heartbeats without one."""
        event = self.maybe(beats)
        assert event is not None, "no message came"
        return event

    def maybe(self, beats: int = 5) -> Event | None:
        """Return the next message, or None after so many heartbeats without one or at the end."""
        silent = 0
        while not self._left and silent < beats:
            message = next(self._messages, None)
            if message is None:
                return None
            self._left = parsed(message.decode())
            silent += message.startswith(b":")
        self.beats += silent
        return self._left.pop(0) if self._left else None


@dataclass(frozen=True)
class Worker:
    """A worker: its application, its streams, and its database's fail point."""

    app: Flask
    live: LiveStreams
    fault: Callable[..., AbstractContextManager[Callable[[], None]]]

    @property
    def api(self) -> Api:
        return Api(over_app(self.app))

    @property
    def topic(self) -> Topic:
        return self.live.topics.of_date(DATE)

    def read(self, last_id: str = "", date: str = DATE) -> Reader:
        return Reader(self.live, last_id, date)


def with_broadcast_log(live: LiveStreams, **bounds: int) -> LiveStreams:
    """Return `live` with another broadcast log, not started, and a short heartbeat."""
    broadcast_log = BroadcastLog(**bounds)
    change_stream = ChangeStreamConsumer(live.change_stream._db, live.topics.new_views(), broadcast_log)
    return dataclasses.replace(live, broadcast_log=broadcast_log, change_stream=change_stream, heartbeat=SOON)


@contextmanager
def running(live: LiveStreams) -> Iterator[LiveStreams]:
    """Run the change stream of `live` until the block ends."""
    thread = threading.Thread(target=live.change_stream.run, daemon=True)
    changed = live.broadcast_log.changed(DATE)
    live.broadcast_log.demand.subscribe()  # One subscriber for the whole block.
    thread.start()
    assert changed.wait(10), "the change stream did not start"
    try:
        yield live
    finally:
        live.broadcast_log.demand.unsubscribe()
        live.broadcast_log.close()
        thread.join(10)
        assert not thread.is_alive()


@pytest.fixture
def make_worker(
    make_settings: Callable[..., Settings],
    make_database: Callable[[], str],
    replica_set: ReplicaSet,
    mongo: Client,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[..., Worker]]:
    """Make workers of one service; bounds of their broadcast logs as arguments."""
    monkeypatch.setattr(live.change_stream, "MAX_AWAIT_MS", 100)  # a change stream ends with its last `getMore`
    settings = make_settings(MONGODB_DATABASE=make_database())
    ends: list[AbstractContextManager[LiveStreams]] = []
    clients: list[Client] = []

    def make(**bounds: int) -> Worker:
        name = f"live-{uuid.uuid4().hex[:12]}"
        client = connect(replica_set.uri, name)
        clients.append(client)
        app = create_app(settings, client=client)
        streams = with_broadcast_log(runtime_of(app).get(LiveStreams), **bounds)
        ends.append(running(streams))
        ends[-1].__enter__()

        @contextmanager
        def fault(*commands: str, times: int | None = None, **how: Any) -> Iterator[Callable[[], None]]:
            target = {"failCommands": list(commands), "appName": name, **how}
            mode: Any = {"times": times} if times else "alwaysOn"
            before = mongo.admin.command({"configureFailPoint": "failCommand", "mode": mode, "data": target})["count"]
            wait = {"waitForFailPoint": "failCommand", "timesEntered": before + 1, "maxTimeMS": 10_000}
            try:
                yield lambda: (mongo.admin.command(wait), None)[1]
            finally:
                mongo.admin.command({"configureFailPoint": "failCommand", "mode": "off"})

        return Worker(app, streams, fault)

    yield make
    for end in ends:
        end.__exit__(None, None, None)
    for client in clients:
        client.close()


@pytest.fixture(scope="module")
def shared_api(replica_set: ReplicaSet, mongo: Client, module_database: str) -> Api:
    """An application without a change stream, for the tests of a module that write nothing."""
    settings = factories.settings(replica_set.uri, MONGODB_DATABASE=module_database)
    return Api(over_app(create_app(settings, client=mongo)))


@pytest.fixture
def worker(make_worker: Callable[..., Worker]) -> Worker:
    """One worker."""
    return make_worker()
