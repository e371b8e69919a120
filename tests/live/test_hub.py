"""How many connections there are at most, when the feed is read for them, and what happens when changes were missed."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask

import live.broadcast_log
import live.socketio.server
from core.mongo.client import Client
from live.broadcast_log import BroadcastLog
from live.connection_limits import MOST_PER_ADDRESS, MOST_STREAMS, Connection
from live.model import END, Position
from live.socketio.server import SocketBroadcaster
from live.streams import LiveStreams
from tests.live.test_feed import DATE, OTHER, change
from wiring import Services

HANDSHAKE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}
PATH = "/socket.io/?EIO=4&transport=websocket"


# The bound


@pytest.fixture
def door(app: Flask, services: Services) -> Iterator[tuple[Callable[[], tuple[int, str]], LiveStreams]]:
    """A handshake as gunicorn hands it in, which is looked at and not served; and the streams it counts among."""
    services.live.feed.open()

    def knock() -> tuple[int, str]:
        taken = {"gunicorn.socket": SimpleNamespace()}
        with app.test_request_context(PATH, headers=HANDSHAKE, environ_base={"REMOTE_ADDR": "10.0.0.1", **taken}):
            answer = app.full_dispatch_request()
            return answer.status_code, (answer.get_json(silent=True) or {}).get("code", "")

    yield knock, services.live
    services.live.feed.close()


def fill(live: LiveStreams, address: str, count: int) -> list[Connection]:
    return [live.places.take(address, lambda: None) for _ in range(count)]


def test_an_address_that_has_enough_streams_gets_no_connection(door: tuple[Callable[[], Any], LiveStreams]) -> None:
    knock, streams = door
    held = fill(streams, "10.0.0.1", MOST_PER_ADDRESS)

    assert knock() == (429, "too_many_requests")
    streams.places.leave(held.pop())
    assert knock() == (101, "")
    assert knock() == (429, "too_many_requests"), "a connection is a stream like others"


def test_beyond_all_streams_nobody_gets_a_connection(door: tuple[Callable[[], Any], LiveStreams]) -> None:
    knock, streams = door
    held = fill(streams, "10.0.0.2", MOST_PER_ADDRESS) + fill(streams, "10.0.0.3", MOST_STREAMS - MOST_PER_ADDRESS)

    assert knock() == (503, "unavailable")
    streams.places.leave(held.pop())
    assert knock() == (101, "")


def test_where_no_changes_are_followed_no_connection_is_taken(door: tuple[Callable[[], Any], LiveStreams]) -> None:
    knock, streams = door
    streams.feed.close()

    assert knock() == (503, "unavailable")
    assert streams.places.count() == 0


# The reader


class Server:
    """In place of python-socketio: keeps what is emitted, and has connections that end when they are told to."""

    def __init__(self) -> None:
        self.emitted: list[tuple[str, str]] = []
        self.told, self.cut, self.let_go = threading.Event(), threading.Event(), threading.Event()
        self.more = threading.Condition()
        self.queue: deque[int] = deque()
        wire = SimpleNamespace(close=self.cut.set)
        self.environ = {"a": {"gunicorn.socket": wire}}
        waiting = SimpleNamespace(qsize=lambda: len(self.queue))
        self.eio = SimpleNamespace(sockets={"a": SimpleNamespace(queue=waiting, close=lambda wait: self.let_go.set())})

    def handle_request(self, environ: dict[str, Any], _: None) -> None:
        assert self.let_go.wait(10)

    def emit(self, event: str, told: dict[str, Any], namespace: str) -> None:
        with self.more:
            self.emitted.append((f"{event} {told['n']}", namespace))
            self.more.notify_all()
        self.told.set()

    def wait_for(self, count: int) -> None:
        """Wait until so much has been emitted."""
        with self.more:
            assert self.more.wait_for(lambda: len(self.emitted) >= count, 5)


class Connected:
    """A hub with one connection, over a feed without a database."""

    def __init__(self) -> None:
        self.feed = BroadcastLog(
            lambda change: b'id: 1\nevent: slotUpdate\ndata: {"n":%d}\n\n' % change.position.seconds, 5
        )
        self.feed.open()
        self.feed.begin(Position(100, 1, END))
        self.server = Server()
        self.hub = SocketBroadcaster(self.feed)
        self.hub.__dict__["_server"] = self.server
        self.wire = SimpleNamespace(close=lambda: None)
        self.runner = threading.Thread(target=self.hub.run)
        self.client = threading.Thread(target=self.hub.serve, args=("key", self.wire))

    def connect(self) -> None:
        self.client.start()
        assert self.hub._somebody.wait(30)

    def close(self) -> None:
        self.server.let_go.set()
        self.feed.close()
        for thread in (self.runner, self.client):
            if thread.ident:
                thread.join(10)
                assert not thread.is_alive()


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch) -> Iterator[Connected]:
    monkeypatch.setattr(live.socketio.server, "IDLE_SECONDS", 0.02)
    monkeypatch.setattr(live.socketio.server, "WAKE_SECONDS", 0.0)
    made = Connected()
    yield made
    made.close()


def test_the_feed_is_wanted_as_long_as_somebody_is_connected(
    connected: Connected, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live.broadcast_log, "REMEMBERED_SECONDS", 0.0)
    assert not connected.feed.is_wanted()

    connected.connect()
    assert connected.feed.is_wanted()

    connected.server.let_go.set()
    connected.client.join(30)
    assert not connected.feed.is_wanted(), "the watcher may sleep again"


def test_changes_of_all_dates_are_told_once_on_both_namespaces(connected: Connected) -> None:
    connected.feed.publish(change(101))
    connected.connect()
    connected.feed.publish(change(102))
    connected.feed.publish(change(102, nth=2, date=OTHER, name="b"))
    connected.runner.start()
    connected.server.wait_for(4)
    connected.feed.publish(change(103, date=DATE))
    connected.server.wait_for(6)
    connected.close()

    assert connected.server.emitted == [
        (f"slotUpdate {number}", namespace) for number in (102, 102, 103) for namespace in ("/", "/api")
    ]


def test_when_changes_were_missed_everybody_is_cut_off_and_comes_back(connected: Connected) -> None:
    connected.connect()
    for seconds in range(101, 108):
        connected.feed.publish(change(seconds))

    connected.runner.start()

    assert connected.server.cut.wait(30)
    assert connected.server.emitted == []


@pytest.mark.parametrize(("waiting", "dropped"), [(1000, False), (1001, True)], ids=["enough", "too much"])
def test_who_has_too_much_waiting_is_cut_off(waiting: int, dropped: bool, connected: Connected) -> None:
    connected.connect()
    connected.server.queue.extend(range(waiting))
    connected.feed.publish(change(101))

    connected.runner.start()

    assert connected.server.told.wait(30)
    assert connected.server.cut.is_set() == dropped


def test_a_bug_in_telling_cuts_everybody_off_and_ends_nothing(
    connected: Connected, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live.socketio.server, "PAUSE_AFTER_BUG", 0.0)
    connected.connect()
    connected.runner.start()
    monkeypatch.setattr(live.socketio.server, "told", lambda message: b"no JSON")
    connected.feed.publish(change(101))
    assert connected.server.cut.wait(30)
    monkeypatch.undo()

    connected.feed.publish(change(102))

    assert connected.server.told.wait(30)
    assert connected.server.emitted[0] == ("slotUpdate 102", "/")


def test_the_end_of_the_feed_says_good_bye_to_everybody(connected: Connected) -> None:
    connected.connect()
    connected.runner.start()

    connected.feed.close()

    assert connected.server.let_go.wait(30)


def test_the_watcher_sleeps_again_after_the_last_has_gone(
    services: Services, mongo: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live.broadcast_log, "REMEMBERED_SECONDS", 0.0)
    monkeypatch.setattr("live.change_stream.PATIENCE_MS", 50)
    hub, feed, server = services.hub, services.live.feed, Server()
    hub.__dict__["_server"] = server
    slept, followed = threading.Event(), threading.Event()
    sleep, begin = feed.wait_until_wanted, feed.begin

    def falls_asleep(seconds: float) -> None:
        slept.set()
        sleep(seconds)

    def begins(position: Position) -> None:
        begin(position)
        followed.set()

    monkeypatch.setattr(feed, "wait_until_wanted", falls_asleep)
    monkeypatch.setattr(feed, "begin", begins)
    watcher = threading.Thread(target=services.live.watcher.run)
    watcher.start()
    assert slept.wait(30)
    assert not followed.is_set()

    client = threading.Thread(target=hub.serve, args=("key", SimpleNamespace(close=lambda: None)))
    client.start()
    assert followed.wait(30), "a connection wakes it"
    slept.clear()
    server.let_go.set()
    client.join(30)

    assert slept.wait(30)
    feed.close()
    watcher.join(10)
    assert not watcher.is_alive()
