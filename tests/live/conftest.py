"""Two workers of one service in this process, each with its watcher, whose database can be disturbed."""

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
import wiring
from app import create_app
from core.config.settings import Settings
from core.mongo.client import Client, connect
from devdb.replica_set import ReplicaSet
from live.broadcast_log import BroadcastLog
from live.change_stream import SlotChangeStream
from live.streams import LiveStreams
from tests import factories
from tests.api_client import Api, over_app
from tests.live.events import DATE, Event, parsed

SOON = 0.1


class Reading:
    """A reader in this process: takes messages one at a time, as fast or slowly as the test wants."""

    def __init__(self, live: LiveStreams, last_id: str = "", date: str = DATE) -> None:
        self._messages = live.open(date, last_id)
        self._left: list[Event] = []
        self.beats = 0

    def next(self, beats: int = 100) -> Event:
        """Return the next message; fail after so many heartbeats without one."""
        event = self.maybe(beats)
        assert event is not None, "nothing was told"
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
    """A worker: its application, its streams, and what makes its database misbehave."""

    app: Flask
    live: LiveStreams
    fault: Callable[..., AbstractContextManager[Callable[[], None]]]

    @property
    def api(self) -> Api:
        return Api(over_app(self.app))

    def read(self, last_id: str = "", date: str = DATE) -> Reading:
        return Reading(self.live, last_id, date)


def with_feed(live: LiveStreams, **bounds: int) -> LiveStreams:
    """Return `live` over a feed with other bounds, not started, that hears of silence soon."""
    feed = BroadcastLog(live.messages.update, **bounds)
    watcher = SlotChangeStream(live.watcher._db, live.schedule, feed)
    return dataclasses.replace(live, feed=feed, watcher=watcher, heartbeat=SOON)


@contextmanager
def running(live: LiveStreams) -> Iterator[LiveStreams]:
    """Run the watcher of `live` until the block ends."""
    thread = threading.Thread(target=live.watcher.run, daemon=True)
    news = live.feed.news(DATE)
    live.feed.subscribe()  # Somebody reads all the time.
    thread.start()
    assert news.wait(10), "the watcher did not begin"
    try:
        yield live
    finally:
        live.feed.unsubscribe()
        live.feed.close()
        thread.join(10)
        assert not thread.is_alive()


@pytest.fixture
def make_worker(
    make_settings: Callable[..., Settings],
    replica_set: ReplicaSet,
    mongo: Client,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[..., Worker]]:
    """Make workers of one service; bounds of their feeds as arguments."""
    monkeypatch.setattr(live.change_stream, "PATIENCE_MS", 100)  # a watcher ends with its last question
    settings = make_settings()
    wiring.prepare_database(mongo[settings.mongodb_database])
    ends: list[AbstractContextManager[LiveStreams]] = []
    clients: list[Client] = []

    def make(**bounds: int) -> Worker:
        name = f"live-{uuid.uuid4().hex[:12]}"
        client = connect(replica_set.uri, name)
        clients.append(client)
        app = create_app(settings, client=client)
        streams = with_feed(app.extensions["booking.live"], **bounds)
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
def quiet(replica_set: ReplicaSet, mongo: Client) -> Iterator[Api]:
    """The verbs over one application without a watcher, for those tests of a module that change nothing."""
    settings = factories.settings(replica_set.uri)
    wiring.prepare_database(mongo[settings.mongodb_database])
    yield Api(over_app(create_app(settings, client=mongo)))
    mongo.drop_database(settings.mongodb_database)


@pytest.fixture
def worker(make_worker: Callable[..., Worker]) -> Worker:
    """One worker."""
    return make_worker()
