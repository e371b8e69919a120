"""Client socket: a gevent socket whose waits for a reading client are recorded, and whose bytes can be read again."""

from __future__ import annotations

import socket as plain
import struct
from contextlib import suppress
from typing import Any

from gevent import socket
from gevent.server import StreamServer

from core.web.server.connections import ClientConnection

# What the kernel holds of an answer that the client has not made room for. The rest waits in the worker.
UNSENT_BYTES = 131_072
# After it, the kernel drops a connection whose client acknowledges or reads nothing. It counts from the first time that
# the client has no room for a whole segment, even if the client reads a little all the time. So an open connection gets
# more, because the worker measures what its client reads.
OPEN_TIMEOUT_MS = 300_000
CLOSED_TIMEOUT_MS = 30_000
NO_LINGER = struct.pack("ii", 1, 0)


class ClientSocket(socket.socket):  # type: ignore[misc]  # gevent has no types
    """A client's connection; `connection` records its waits, `unread` is received again first."""

    __slots__ = ("connection", "unread")

    def __init__(self, family: int = -1, type: int = -1, proto: int = -1, fileno: int | None = None) -> None:  # noqa: A002  # the signature of sockets
        super().__init__(family, type, proto, fileno)
        self.connection: ClientConnection | None = None
        self.unread = b""

    def send(self, data: Any, flags: int = 0, timeout: float | None = None) -> int:
        """Send a part of `data`; returns its size."""
        try:
            return int(self._sock.send(data, flags))
        except BlockingIOError:
            if self.timeout == 0 or timeout == 0 or self.connection is None:
                raise
        return self._send_when_read(self.connection, data, flags)

    def recv(self, size: int, flags: int = 0) -> bytes:
        """Return up to `size` bytes, those of `unread` first."""
        if not self.unread:
            return bytes(super().recv(size, flags))
        data = self.unread[:size]
        self.unread = self.unread[size:]
        return data

    def receive(self, size: int) -> bytes:
        """Wait for bytes, then return up to `size` of them; none at the end."""
        while True:
            self._wait(self._read_event)
            try:
                return bytes(self._sock.recv(size))
            except BlockingIOError:
                continue

    def close(self) -> None:
        """Close the connection here; the kernel sends what is left for a bounded time."""
        with suppress(OSError):
            self._sock.setsockopt(plain.IPPROTO_TCP, plain.TCP_USER_TIMEOUT, CLOSED_TIMEOUT_MS)
        super().close()

    def abort(self) -> None:
        """End the connection and discard what is unsent; a greenlet that uses it gets an error or the end."""
        with suppress(OSError):
            self._sock.setsockopt(plain.SOL_SOCKET, plain.SO_LINGER, NO_LINGER)
            self._sock.shutdown(plain.SHUT_RDWR)

    def finish(self) -> None:
        """End reading after what has arrived."""
        with suppress(OSError):
            self._sock.shutdown(plain.SHUT_RD)

    def _send_when_read(self, connection: ClientConnection, data: Any, flags: int) -> int:
        sent = 0
        connection.begin_write_wait()
        try:
            self._wait(self._write_event)
            with suppress(BlockingIOError):
                sent = int(self._sock.send(data, flags))
        finally:
            connection.end_write_wait(sent)
        return sent


class ClientServer(StreamServer):  # type: ignore[misc]  # gevent has no types
    """Accepts connections as client sockets."""

    def do_read(self) -> tuple[ClientSocket, Any] | None:
        """Return the next connection and its address, if there is one."""
        try:
            fileno, address = self.socket._accept()
        except BlockingIOError:
            return None
        return ClientSocket(self.socket.family, self.socket.type, self.socket.proto, fileno=fileno), address


def bound_unread(listener: Any) -> None:
    """Bound what the kernel holds for slow clients; connections inherit the options of their listener."""
    if listener.family in (plain.AF_INET, plain.AF_INET6):
        listener.setsockopt(plain.IPPROTO_TCP, plain.TCP_USER_TIMEOUT, OPEN_TIMEOUT_MS)
        listener.setsockopt(plain.IPPROTO_TCP, plain.TCP_NOTSENT_LOWAT, UNSENT_BYTES)
