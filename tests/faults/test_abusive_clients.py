"""Clients that take all a service has: half a request for ever, thousands of requests at once."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest

from core.mongo.client import Client
from devdb.replica_set import ReplicaSet
from tests.conftest import Served, serving

AT_ONCE = 20_000
SECONDS = 60.0
STATUS_LINE = b"HTTP/1.1 200"


@pytest.fixture(scope="module")
def lonely(replica_set: ReplicaSet, mongo: Client, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service with one worker, which all share."""
    folder: Path = tmp_path_factory.mktemp("greedy")
    with serving(replica_set.uri, folder, WEB_CONCURRENCY="1") as running:
        yield running
        mongo.drop_database(running.environment["MONGODB_DATABASE"])


@contextmanager
def connected(served: Served) -> Iterator[socket.socket]:
    """Open a connection to the service."""
    with closing(socket.create_connection(("127.0.0.1", int(served.environment["PORT"])), timeout=SECONDS)) as wire:
        yield wire


def test_half_a_body_is_not_awaited_beyond_the_timeout(lonely: Served) -> None:
    with ExitStack() as stack:
        wires = []
        for path in ("/api/bookings", "/api/webhooks/resend", "/"):
            for _ in range(5):
                wires.append(stack.enter_context(connected(lonely)))
                form = "application/x-www-form-urlencoded" if path == "/" else "application/json"
                head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {form}\r\nContent-Length: 100\r\n\r\n{{"
                wires[-1].sendall(head.encode())

        answers = [b"".join(iter(lambda wire=wire: wire.recv(65536), b"")) for wire in wires]  # type: ignore[misc]

    assert [answer.split(b" ", 2)[1] for answer in answers] == [b"408"] * 15


def test_pipelined_requests_do_not_starve_other_connections(lonely: Served) -> None:
    answered, first = 0, threading.Event()

    def listen() -> None:
        nonlocal answered
        rest = b""
        while answered < AT_ONCE and (said := wire.recv(1 << 20)):
            # A status line may come in two parts.
            said = rest + said
            answered += said.count(STATUS_LINE)
            rest = said[-len(STATUS_LINE) + 1 :]
            first.set()

    with connected(lonely) as wire:
        listener = threading.Thread(target=listen)
        listener.start()
        asking = threading.Thread(target=wire.sendall, args=(b"GET /api/health HTTP/1.1\r\nHost: x\r\n\r\n" * AT_ONCE,))
        asking.start()
        assert first.wait(SECONDS)

        assert lonely.api.get("/api/dates").status == 200
        before_others = answered

        asking.join(SECONDS)
        listener.join(SECONDS)
    assert answered == AT_ONCE
    assert before_others < AT_ONCE / 2, "who asks for much has all of it first"


def test_client_of_a_bodyless_endpoint_may_not_send_a_large_body(lonely: Served) -> None:
    before = recorded(lonely)
    with connected(lonely) as wire:
        wire.sendall(
            b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-WebSocket-Key: eHh4eHh4eHh4eHh4eHh4eA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        assert wire.recv(4096).startswith(b"HTTP/1.1 101")
        pings = b"\x89\x80\0\0\0\0" * AT_ONCE

        with pytest.raises(OSError):
            while True:
                wire.sendall(pings)

    assert lonely.api.get("/api/dates").status == 200
    assert recorded(lonely) == before + 1


def recorded(served: Served) -> int:
    """Return how often the log tells of a client that said too much."""
    lines = [json.loads(line) for line in served.log.read_text().splitlines() if '"socket_refused"' in line]
    return sum(line["reason"] == "talkative" for line in lines)
