"""Raw HTTP connections: bytes as a test writes them, answers as the service sends them."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

from tests.conftest import Served

SECONDS = 30.0
# Segments as on Ethernet. With those of the loopback, 64 KB, a client of a small buffer announces its room too late.
SEGMENT_BYTES = 1400


@dataclass(frozen=True)
class Answer:
    """An answer of the service."""

    status: int
    headers: dict[str, str]
    body: bytes


@contextmanager
def connected(served: Served, receive_buffer: int | None = None) -> Iterator[socket.socket]:
    """Open a connection to the service, with a small receive buffer for a client that is slow to read."""
    with closing(socket.socket()) as sock:
        if receive_buffer is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, SEGMENT_BYTES)
        sock.settimeout(SECONDS)
        sock.connect(("127.0.0.1", int(served.environment["PORT"])))
        yield sock


def exchange(served: Served, request: bytes) -> bytes:
    """Send `request` and return all that comes until the service ends the connection."""
    with connected(served) as sock:
        sock.sendall(request)
        return read_to_end(sock)


def read_to_end(sock: socket.socket) -> bytes:
    """Return all that comes until the connection ends."""
    received = b""
    while chunk := sock.recv(65_536):
        received += chunk
    return received


def read_answer(sock: socket.socket, *, has_body: bool = True) -> Answer:
    """Return one answer with a declared length; one to HEAD has no body."""
    received = b""
    while b"\r\n\r\n" not in received:
        chunk = sock.recv(65_536)
        assert chunk, received
        received += chunk
    answer = parse(received)
    missing = int(answer.headers.get("content-length", "0")) - len(answer.body) if has_body else 0
    while missing > 0:
        chunk = sock.recv(missing)
        assert chunk, received
        received += chunk
        missing -= len(chunk)
    return parse(received)


def parse(received: bytes) -> Answer:
    """Return the answer in `received`."""
    head, _, body = received.partition(b"\r\n\r\n")
    status_line, *lines = head.decode("latin-1").split("\r\n")
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    return Answer(int(status_line.split(" ")[1]), headers, body)
