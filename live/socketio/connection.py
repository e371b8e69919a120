"""Bounded WebSocket connection: limits on a Socket.IO client's messages, whole writes, and a forced close.

Engine.IO queues packets for a client without a bound. simple-websocket accepts messages of any size, and writes with
`send`, which under gevent may write only a part. This module adds the missing bounds.
"""

from __future__ import annotations

import re
import socket
import threading
import time
from contextlib import suppress
from typing import Any

from engineio.async_drivers.gevent import WebSocketWSGI
from simple_websocket import ConnectionClosed

from core import log
from core.clock import monotonic
from live.connection_limits import Connection

LOG = log.get_logger("live.socketio.routes")
NAMESPACES = ("/", "/api")
MAX_MESSAGE_BYTES = 4096  # of a client's message; a client only joins namespaces
MAX_CLIENT_MESSAGES = 200  # in a connection's lifetime, without the answers to pings
# A client's bytes, with pings and broken frames: a burst, and a rate per second. The answer to a ping has seven.
BURST_BYTES, BYTES_PER_SECOND = 16_384, 256
RECEIVE_TIMEOUT = 30.0  # seconds between two checks whether a silent connection is still open
# Engine.IO's message (4) with Socket.IO's connect (0) or disconnect (1), a namespace, and its query; JSON may follow.
JOIN_OR_LEAVE = re.compile(r"4([01])(?:(/[^,?]*)(?:\?[^,]*)?(?:,|\Z))?")
PONG, CLOSE, EVENT, ACK = "3", "1", "42", "43"


def shutdown(sock: socket.socket | None, how: int) -> None:
    """Shut a socket down, also while another thread uses it."""
    if sock is not None:
        # A duplicate handle: a thread that is sending gets a closed connection, not a bad file descriptor.
        with suppress(OSError), sock.dup() as handle:
            handle.shutdown(how)


class BoundedSocket:
    """The socket interface of simple-websocket, with whole writes and a bound on received bytes."""

    def __init__(self, sock: socket.socket, connection: Connection) -> None:
        """Record pending writes in `connection`, so that a stalled client is closed."""
        self._sock = sock
        self._connection = connection
        self._lock = threading.Lock()
        self._closing_since: float | None = None
        self._opened_at = monotonic()
        self._received = 0

    def recv(self, size: int) -> bytes:
        """Return the client's bytes; none, as at the end, once it has exceeded its rate."""
        time.sleep(0)  # Data may be there without waiting: let other greenlets run.
        data = self._sock.recv(size)
        self._received += len(data)
        if self._received > BURST_BYTES + BYTES_PER_SECOND * (monotonic() - self._opened_at):
            log_rejection("talkative")
            return b""
        return data

    def send(self, message: bytes) -> int:
        """Send all of `message`, one caller at a time."""
        with self._lock:
            self._connection.sending_since = self._connection.sending_since or monotonic()
            self._sock.sendall(message)
            self._connection.sending_since = self._closing_since
        return len(message)

    def force_close_soon(self) -> None:
        """Count the connection as stalled from now on, so that it is aborted unless it ends by itself."""
        self._closing_since = self._closing_since or monotonic()
        self._connection.sending_since = self._connection.sending_since or self._closing_since

    def close(self) -> None:
        """End the connection; gunicorn closes the socket."""
        shutdown(self._sock, socket.SHUT_RDWR)


class BoundedWebSocket(WebSocketWSGI):
    """Engine.IO's adapter to simple-websocket; drops packets that the server does not handle."""

    def __init__(self, handler: Any, server: Any) -> None:
        super().__init__(handler, server)
        self.server_args["max_message_size"] = MAX_MESSAGE_BYTES
        self._message_count = 0

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        """Serve the connection to its end, so that Engine.IO cleans up after it."""
        self._bounded_socket: BoundedSocket = environ["gunicorn.socket"]
        with suppress(StopIteration):  # meant for gunicorn
            super().__call__(environ, start_response)
        return []

    def wait(self) -> str | None:
        """Return the next packet that is handled; None when the connection ends or must be closed."""
        while self.ws.connected or self.ws.input_buffer:
            try:
                message = self.ws.receive(timeout=RECEIVE_TIMEOUT)
            except ConnectionClosed:
                break
            if message is None:
                continue
            if message == PONG:
                return PONG
            self._message_count += 1
            packet = parse_client_packet(message)
            if packet is None or self._message_count > MAX_CLIENT_MESSAGES:
                log_rejection("garbage" if packet is None else "talkative")
                return None
            if packet:
                return packet
        if self.ws.incoming_message_len > MAX_MESSAGE_BYTES:
            log_rejection("too_big")
        return None

    def close(self) -> None:
        """Send a close frame; abort the connection if the client does not answer it."""
        self._bounded_socket.force_close_soon()
        super().close()


def parse_client_packet(message: str | bytes) -> str | None:
    """Return a packet without its optional data; empty when it is to be ignored, None when it is not Socket.IO."""
    if not isinstance(message, str):
        return None
    if message == CLOSE:
        return message
    if message.startswith((EVENT, ACK)):
        return ""
    match = JOIN_OR_LEAVE.match(message)
    if not match:
        return None
    namespace = match[2] or "/"
    if match[1] == "0" and namespace not in NAMESPACES:
        log_rejection("namespace")  # The library answers the client.
    return f"4{match[1]}{namespace},"


def log_rejection(reason: str) -> None:
    """Log that a client's packet was rejected, or that it was disconnected."""
    LOG.info("socket_refused", reason=reason)
