"""Clients that do not read their answers, or too slowly: they are disconnected, and others are served meanwhile."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from core.mongo.client import Client
from devdb.replica_set import ReplicaSet
from tests.conftest import Served, serving
from tests.core.web.server.http_connection import connected, read_answer

LARGE = b"GET /api/docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: x\r\n\r\n"
HEALTH = b"GET /api/health HTTP/1.1\r\nHost: x\r\n\r\n"
CONNECTIONS = 50
SMALL_BUFFER = 2048
# The slow client reads about sixteen times the rate below which a connection is dropped.
SLOW_BUFFER = 16_384
PATIENCE_SECONDS = 30.0


@pytest.fixture
def small(replica_set: ReplicaSet, mongo: Client, tmp_path: Path) -> Iterator[Served]:
    """A service with one worker of few connections."""
    arguments = f"--worker-connections={CONNECTIONS}"
    with serving(replica_set.uri, tmp_path, WEB_CONCURRENCY="1", GUNICORN_CMD_ARGS=arguments) as running:
        yield running
        mongo.drop_database(running.environment["MONGODB_DATABASE"])


def drops(served: Served) -> list[str]:
    """Return the reasons of the connections that the service has dropped."""
    lines = [json.loads(line) for line in served.log.read_text().splitlines() if '"connection_dropped"' in line]
    return [line["reason"] for line in lines]


def health_seconds(served: Served) -> float:
    """Return how long a request on a new connection takes."""
    started = time.monotonic()
    with connected(served) as sock:
        sock.sendall(HEALTH)
        assert read_answer(sock).status == 200
    return time.monotonic() - started


def read_exactly(sock: socket.socket, count: int) -> None:
    """Read `count` bytes, however few arrive at once."""
    while count > 0:
        received = len(sock.recv(count))
        assert received
        count -= received


def test_clients_that_never_read_do_not_keep_others_out(small: Served) -> None:
    with ExitStack() as stack:
        for _ in range(CONNECTIONS + 5):
            sock = stack.enter_context(connected(small, SMALL_BUFFER))
            sock.sendall(LARGE * 2)
        time.sleep(1.5)
        waits = []
        end = time.monotonic() + PATIENCE_SECONDS
        while "crowded" not in drops(small) and time.monotonic() < end:
            waits.append(health_seconds(small))
            time.sleep(0.2)

    assert "crowded" in drops(small)
    assert max(waits) < PATIENCE_SECONDS / 2, waits


def test_idle_connections_of_an_address_make_room_for_new_ones(small: Served) -> None:
    with ExitStack() as stack:
        for _ in range(CONNECTIONS + 5):
            # One that makes room may be closed while it is opened.
            with suppress(ConnectionError):
                stack.enter_context(connected(small))
        time.sleep(1.5)

        assert health_seconds(small) < PATIENCE_SECONDS / 2


def test_unread_answer_is_given_up_and_a_slowly_read_one_is_not(small: Served) -> None:
    with connected(small, SMALL_BUFFER) as unread, connected(small, SLOW_BUFFER) as slow:
        unread.sendall(LARGE * 2)
        slow.sendall(LARGE * 2)
        started = time.monotonic()
        while not drops(small) and time.monotonic() < started + 2 * PATIENCE_SECONDS:
            time.sleep(0.5)
            read_exactly(slow, SLOW_BUFFER)
        elapsed = time.monotonic() - started

        assert drops(small) == ["unread"]
        assert PATIENCE_SECONDS - 2 < elapsed < 2 * PATIENCE_SECONDS
        with pytest.raises(ConnectionResetError):
            while unread.recv(65_536):
                pass
        assert health_seconds(small) < PATIENCE_SECONDS / 2
        # The kernel would drop a connection of a small buffer at about the same time.
        for _ in range(10):
            time.sleep(0.5)
            read_exactly(slow, SLOW_BUFFER)


def test_large_answer_is_whole_for_a_client_that_reads(small: Served) -> None:
    with connected(small) as sock:
        sock.sendall(LARGE)

        answer = read_answer(sock)

    assert answer.status == 200
    assert len(answer.body) == int(answer.headers["content-length"]) > 1_000_000
