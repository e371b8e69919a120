"""A connection alone: what is written goes out whole, and since when it is waited for is known."""

from __future__ import annotations

import socket
import threading
from typing import cast

import pytest

from live.connection_limits import Connection, ConnectionLimiter
from live.socketio.connection import BoundedSocket, parse_client_packet


class Narrow:
    """A socket that takes one byte at a time, and nothing while it is held."""

    def __init__(self, connection_record: Connection) -> None:
        self.connection_record, self.taken, self.since = connection_record, b"", 0.0
        self.inside = self.most = 0
        self.begun, self.free = threading.Event(), threading.Event()
        self.free.set()

    def send(self, message: bytes) -> int:
        self.taken += message[:1]
        return 1

    def sendall(self, message: bytes) -> None:
        self.inside += 1
        self.most = max(self.most, self.inside)
        self.begun.set()
        assert self.free.wait(30)
        self.since = self.connection_record.sending_since or 0.0
        while message:
            message = message[self.send(message) :]
        self.inside -= 1


@pytest.fixture
def narrow() -> tuple[BoundedSocket, Narrow, Connection]:
    connection_record = Connection("10.0.0.1", lambda: None)
    connection = Narrow(connection_record)
    return BoundedSocket(cast("socket.socket", connection), connection_record), connection, connection_record


def test_send_to_a_socket_taking_parts_writes_the_whole_message(
    narrow: tuple[BoundedSocket, Narrow, Connection],
) -> None:
    bounded_socket, connection, connection_record = narrow

    assert bounded_socket.send(b"frame") == 5

    assert connection.taken == b"frame"
    assert connection.since > 0, "it is known since when"
    assert connection_record.sending_since is None


def test_control_plain_socket_send_writes_only_a_part(narrow: tuple[BoundedSocket, Narrow, Connection]) -> None:
    _, connection, _ = narrow

    connection.send(b"frame")

    assert connection.taken == b"f"


def test_concurrent_sends_are_not_interleaved(narrow: tuple[BoundedSocket, Narrow, Connection]) -> None:
    bounded_socket, connection, _ = narrow
    connection.free.clear()
    writers = [threading.Thread(target=bounded_socket.send, args=(frame,)) for frame in (b"aaaa", b"bbbb")]
    for writer in writers:
        writer.start()
        assert connection.begun.wait(30)
    writers[1].join(0.1)  # time to come in where it must not
    connection.free.set()
    for writer in writers:
        writer.join(30)

    assert connection.most == 1
    assert connection.taken in (b"aaaabbbb", b"bbbbaaaa")


def test_client_not_answering_a_close_frame_is_aborted() -> None:
    cut = threading.Event()
    limiter = ConnectionLimiter()
    connection_record = limiter.acquire("10.0.0.1", cut.set)
    bounded_socket = BoundedSocket(cast("socket.socket", Narrow(connection_record)), connection_record)
    bounded_socket.send(b"news")
    limiter.close_stalled(0)
    assert not cut.is_set(), "control: nobody waits for this client"

    bounded_socket.force_close_soon()
    bounded_socket.send(b"good-bye")
    limiter.close_stalled(0)

    assert cut.is_set()


@pytest.mark.parametrize(
    ("said", "packet"),
    [
        ("1", "1"),
        ("40", "40/,"),
        ("40/", "40/,"),
        ("40/api", "40/api,"),
        ('40/api?a=b,{"token":1}', "40/api,"),
        ('40{"token":"/api,"}', "40/,"),
        ("41/api,", "41/api,"),
        ('42["x"]', ""),
        ('42/api,5["x"]', ""),
        ("43/api,5[]", ""),
        ("4", None),
        ("", None),
        (b"40", None),
        ('452-["x"]', None),
        ("6", None),
    ],
)
def test_parse_client_packet_accepts_only_connect_and_disconnect(said: str | bytes, packet: str | None) -> None:
    assert parse_client_packet(said) == packet
