"""A connection alone: what is written goes out whole, and since when it is waited for is known."""

from __future__ import annotations

import socket
import threading
from typing import cast

import pytest

from live.connection_limits import Connection, ConnectionLimiter
from live.socketio.connection import BoundedSocket, understood


class Narrow:
    """A socket that takes one byte at a time, and nothing while it is held."""

    def __init__(self, place: Connection) -> None:
        self.place, self.taken, self.since = place, b"", 0.0
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
        self.since = self.place.sending or 0.0
        while message:
            message = message[self.send(message) :]
        self.inside -= 1


@pytest.fixture
def narrow() -> tuple[BoundedSocket, Narrow, Connection]:
    place = Connection("10.0.0.1", lambda: None)
    connection = Narrow(place)
    return BoundedSocket(cast("socket.socket", connection), place), connection, place


def test_what_a_socket_takes_in_parts_is_written_whole(narrow: tuple[BoundedSocket, Narrow, Connection]) -> None:
    wire, connection, place = narrow

    assert wire.send(b"frame") == 5

    assert connection.taken == b"frame"
    assert connection.since > 0, "it is known since when"
    assert place.sending is None


def test_control_the_sockets_own_send_leaves_a_part_out(narrow: tuple[BoundedSocket, Narrow, Connection]) -> None:
    _, connection, _ = narrow

    connection.send(b"frame")

    assert connection.taken == b"f"


def test_two_that_write_at_once_do_not_mix(narrow: tuple[BoundedSocket, Narrow, Connection]) -> None:
    wire, connection, _ = narrow
    connection.free.clear()
    writers = [threading.Thread(target=wire.send, args=(frame,)) for frame in (b"aaaa", b"bbbb")]
    for writer in writers:
        writer.start()
        assert connection.begun.wait(30)
    writers[1].join(0.1)  # time to come in where it must not
    connection.free.set()
    for writer in writers:
        writer.join(30)

    assert connection.most == 1
    assert connection.taken in (b"aaaabbbb", b"bbbbaaaa")


def test_who_does_not_answer_a_good_bye_is_cut_off() -> None:
    cut = threading.Event()
    places = ConnectionLimiter()
    place = places.take("10.0.0.1", cut.set)
    wire = BoundedSocket(cast("socket.socket", Narrow(place)), place)
    wire.send(b"news")
    places.cut_stuck(0)
    assert not cut.is_set(), "control: nobody waits for this client"

    wire.hurry()
    wire.send(b"good-bye")
    places.cut_stuck(0)

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
def test_only_joining_and_leaving_is_understood(said: str | bytes, packet: str | None) -> None:
    assert understood(said) == packet
