"""How many connections there are at most, when the log is read for them, and what happens when changes were missed."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask

import live.demand
import live.socketio.server
from core.mongo.client import Client
from live.broadcast_log import BroadcastLog
from live.connection_limits import MAX_CONNECTIONS, MAX_PER_ADDRESS, Connection
from live.model import END, Change, Position
from live.socketio.server import SocketBroadcaster
from live.streams import LiveStreams
from tests.live import log_changes
from tests.live.log_changes import DATE, OTHER
from wiring import Services


def change(seconds: int, **values: Any) -> Change:
    """Return a change whose message has the number `seconds`."""
    return log_changes.change(seconds, message=b'id: 1\nevent: slotUpdate\ndata: {"n":%d}\n\n' % seconds, **values)


HANDSHAKE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}
PATH = "/socket.io/?EIO=4&transport=websocket"


# The bound


@pytest.fixture
def handshake(app: Flask, services: Services) -> Iterator[tuple[Callable[[], tuple[int, str]], LiveStreams]]:
    """A handshake as gunicorn hands it in, which is looked at and not served; and the streams it counts among."""
    services.live.broadcast_log.demand.open()

    def connect() -> tuple[int, str]:
        taken = {"gunicorn.socket": SimpleNamespace()}
        with app.test_request_context(PATH, headers=HANDSHAKE, environ_base={"REMOTE_ADDR": "10.0.0.1", **taken}):
            answer = app.full_dispatch_request()
            return answer.status_code, (answer.get_json(silent=True) or {}).get("code", "")

    yield connect, services.live
    services.live.broadcast_log.close()


def fill(live: LiveStreams, address: str, count: int) -> list[Connection]:
    return [live.limiter.acquire(address, lambda: None) for _ in range(count)]


def test_handshake_from_address_at_its_limit_is_refused(handshake: tuple[Callable[[], Any], LiveStreams]) -> None:
    connect, streams = handshake
    held = fill(streams, "10.0.0.1", MAX_PER_ADDRESS)

    assert connect() == (429, "too_many_requests")
    streams.limiter.release(held.pop())
    assert connect() == (101, "")
    assert connect() == (429, "too_many_requests"), "a connection is a stream like others"


def test_handshake_at_full_capacity_is_refused(handshake: tuple[Callable[[], Any], LiveStreams]) -> None:
    connect, streams = handshake
    held = fill(streams, "10.0.0.2", MAX_PER_ADDRESS) + fill(streams, "10.0.0.3", MAX_CONNECTIONS - MAX_PER_ADDRESS)

    assert connect() == (503, "unavailable")
    streams.limiter.release(held.pop())
    assert connect() == (101, "")


def test_handshake_without_change_stream_is_refused(handshake: tuple[Callable[[], Any], LiveStreams]) -> None:
    connect, streams = handshake
    streams.broadcast_log.close()

    assert connect() == (503, "unavailable")
    assert streams.limiter.count() == 0


# The reader


class Server:
    """Fake of python-socketio: records what is emitted, and ends connections on request."""

    def __init__(self) -> None:
        self.emitted: list[tuple[str, str]] = []
        self.has_emitted, self.cut, self.let_go = threading.Event(), threading.Event(), threading.Event()
        self.more = threading.Condition()
        self.queue: deque[int] = deque()
        bounded_socket = SimpleNamespace(close=self.cut.set)
        self.environ = {"a": {"gunicorn.socket": bounded_socket}}
        waiting = SimpleNamespace(qsize=lambda: len(self.queue))
        self.eio = SimpleNamespace(sockets={"a": SimpleNamespace(queue=waiting, close=lambda wait: self.let_go.set())})

    def handle_request(self, environ: dict[str, Any], _: None) -> None:
        assert self.let_go.wait(10)

    def emit(self, event: str, data: dict[str, Any], namespace: str) -> None:
        with self.more:
            self.emitted.append((f"{event} {data['n']}", namespace))
            self.more.notify_all()
        self.has_emitted.set()

    def wait_for(self, count: int) -> None:
        """Wait until so much has been emitted."""
        with self.more:
            assert self.more.wait_for(lambda: len(self.emitted) >= count, 5)


class Connected:
    """A broadcaster with one connection, over a log without a database."""

    def __init__(self) -> None:
        self.broadcast_log = BroadcastLog(5)
        self.broadcast_log.demand.open()
        self.broadcast_log.begin(Position(100, 1, END))
        self.server = Server()
        self.broadcaster = SocketBroadcaster(self.broadcast_log)
        self.broadcaster.__dict__["_server"] = self.server
        self.bounded_socket = SimpleNamespace(close=lambda: None)
        self.runner = threading.Thread(target=self.broadcaster.run)
        self.client = threading.Thread(target=self.broadcaster.serve, args=("key", self.bounded_socket))

    def connect(self) -> None:
        self.client.start()
        assert self.broadcaster._connected.wait(30)

    def close(self) -> None:
        self.server.let_go.set()
        self.broadcast_log.close()
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


def test_changes_are_wanted_while_a_client_is_connected(connected: Connected, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live.demand, "LINGER_SECONDS", 0.0)
    assert not connected.broadcast_log.demand.is_wanted()

    connected.connect()
    assert connected.broadcast_log.demand.is_wanted()

    connected.server.let_go.set()
    connected.client.join(30)
    assert not connected.broadcast_log.demand.is_wanted(), "the change stream may sleep again"


def test_changes_of_all_topics_are_emitted_once_on_both_namespaces(connected: Connected) -> None:
    connected.broadcast_log.publish(change(101))
    connected.connect()
    connected.broadcast_log.publish(change(102))
    connected.broadcast_log.publish(change(102, nth=2, topic=OTHER, name="b"))
    connected.runner.start()
    connected.server.wait_for(4)
    connected.broadcast_log.publish(change(103, topic=DATE))
    connected.server.wait_for(6)
    connected.close()

    assert connected.server.emitted == [
        (f"slotUpdate {number}", namespace) for number in (102, 102, 103) for namespace in ("/", "/api")
    ]


def test_clients_are_all_disconnected_after_a_gap(connected: Connected) -> None:
    connected.connect()
    for seconds in range(101, 108):
        connected.broadcast_log.publish(change(seconds))

    connected.runner.start()

    assert connected.server.cut.wait(30)
    assert connected.server.emitted == []


@pytest.mark.parametrize(("waiting", "dropped"), [(1000, False), (1001, True)], ids=["enough", "too much"])
def test_client_with_a_full_queue_is_disconnected(waiting: int, dropped: bool, connected: Connected) -> None:
    connected.connect()
    connected.server.queue.extend(range(waiting))
    connected.broadcast_log.publish(change(101))

    connected.runner.start()

    assert connected.server.has_emitted.wait(30)
    assert connected.server.cut.is_set() == dropped


def test_broadcaster_survives_a_bug_and_disconnects_all_clients(
    connected: Connected, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live.socketio.server, "PAUSE_AFTER_BUG", 0.0)
    connected.connect()
    connected.runner.start()
    monkeypatch.setattr(live.socketio.server, "payload", lambda message: b"no JSON")
    connected.broadcast_log.publish(change(101))
    assert connected.server.cut.wait(30)
    monkeypatch.undo()

    connected.broadcast_log.publish(change(102))

    assert connected.server.has_emitted.wait(30)
    assert connected.server.emitted[0] == ("slotUpdate 102", "/")


def test_closed_log_closes_every_client(connected: Connected) -> None:
    connected.connect()
    connected.runner.start()

    connected.broadcast_log.close()

    assert connected.server.let_go.wait(30)


def test_change_stream_is_idle_again_after_the_last_client_left(
    services: Services, mongo: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live.demand, "LINGER_SECONDS", 0.0)
    monkeypatch.setattr("live.change_stream.MAX_AWAIT_MS", 50)
    broadcaster, log, server = services.broadcaster, services.live.broadcast_log, Server()
    broadcaster.__dict__["_server"] = server
    slept, followed = threading.Event(), threading.Event()
    sleep, begin = log.demand.wait_until_wanted, log.begin

    def falls_asleep(seconds: float) -> None:
        slept.set()
        sleep(seconds)

    def begins(position: Position) -> None:
        begin(position)
        followed.set()

    monkeypatch.setattr(log.demand, "wait_until_wanted", falls_asleep)
    monkeypatch.setattr(log, "begin", begins)
    change_stream = threading.Thread(target=services.live.change_stream.run)
    change_stream.start()
    assert slept.wait(30)
    assert not followed.is_set()

    client = threading.Thread(target=broadcaster.serve, args=("key", SimpleNamespace(close=lambda: None)))
    client.start()
    assert followed.wait(30), "a connection wakes it"
    slept.clear()
    server.let_go.set()
    client.join(30)

    assert slept.wait(30)
    log.close()
    change_stream.join(10)
    assert not change_stream.is_alive()
