"""A Socket.IO client's connection: what may come in, how it is written to, and how it ends.

Engine.IO keeps what waits for a client without a bound, and simple-websocket takes messages of any size and writes with
`send`, which under gevent may write a part only. The bounds that are missing there are here.
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
MOST_BYTES = 4096  # of a message from a client, which has nothing to say but which namespaces it wants
MAX_CLIENT_MESSAGES = 200  # messages from a client in its connection's life, without those that answer a ping
# Bytes from a client, pings and broken frames too: so many at once, and as many a second. It answers a ping in seven.
BURST_BYTES, BYTES_PER_SECOND = 16_384, 256
LOOK_SECONDS = 30.0  # between two looks at whether a silent connection is still there
# Engine.IO's message (4) with Socket.IO's connect (0) or disconnect (1), a namespace, and its query; JSON may follow.
JOIN_OR_LEAVE = re.compile(r"4([01])(?:(/[^,?]*)(?:\?[^,]*)?(?:,|\Z))?")
PONG, CLOSE, EVENT, ACK = "3", "1", "42", "43"


def shut(connection: socket.socket | None, how: int) -> None:
    """Shut `connection` down, whoever uses it now."""
    if connection is not None:
        # By another handle: whoever is sending by this one shall see a connection that is gone, and no bad descriptor.
        with suppress(OSError), connection.dup() as handle:
            handle.shutdown(how)


class BoundedSocket:
    """The socket of a connection, as simple-websocket uses one; whatever is sent is sent whole."""

    def __init__(self, connection: socket.socket, place: Connection) -> None:
        """Note at `place` since when something is being sent, so that a client that takes nothing is cut off."""
        self._connection, self._place = connection, place
        self._lock = threading.Lock()
        self._last_words: float | None = None
        self._begun, self._heard = monotonic(), 0

    def recv(self, size: int) -> bytes:
        """Return what the client sends; nothing, as at the end, once it has sent more than it can have to say."""
        time.sleep(0)  # what is there already comes without waiting, and others shall be served meanwhile
        heard = self._connection.recv(size)
        self._heard += len(heard)
        if self._heard > BURST_BYTES + BYTES_PER_SECOND * (monotonic() - self._begun):
            refused("talkative")
            return b""
        return heard

    def send(self, message: bytes) -> int:
        """Send all of `message`, after whatever is being sent."""
        with self._lock:
            self._place.sending = self._place.sending or monotonic()
            self._connection.sendall(message)
            self._place.sending = self._last_words
        return len(message)

    def hurry(self) -> None:
        """Have the client cut off if the connection does not end by itself."""
        self._last_words = self._last_words or monotonic()
        self._place.sending = self._place.sending or self._last_words

    def close(self) -> None:
        """End the connection; gunicorn closes the socket."""
        shut(self._connection, socket.SHUT_RDWR)


class BoundedWebSocket(WebSocketWSGI):
    """Engine.IO's door to simple-websocket, which lets nothing through that has no business here."""

    def __init__(self, handler: Any, server: Any) -> None:
        """Bound the size of messages while they come in."""
        super().__init__(handler, server)
        self.server_args["max_message_size"] = MOST_BYTES
        self._said = 0

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        """Serve the connection to its end, and let Engine.IO clean up after it."""
        self._wire: BoundedSocket = environ["gunicorn.socket"]
        with suppress(StopIteration):  # meant for gunicorn
            super().__call__(environ, start_response)
        return []

    def wait(self) -> str | None:
        """Return the next packet that means something here; None at the end, and to a client that must go."""
        while self.ws.connected or self.ws.input_buffer:
            try:
                said = self.ws.receive(timeout=LOOK_SECONDS)
            except ConnectionClosed:
                break
            if said is None or said == PONG:
                if said:
                    return PONG
                continue
            self._said += 1
            packet = understood(said)
            if packet is None or self._said > MAX_CLIENT_MESSAGES:
                refused("garbage" if packet is None else "talkative")
                return None
            if packet:
                return packet
        if self.ws.incoming_message_len > MOST_BYTES:
            refused("too_big")
        return None

    def close(self) -> None:
        """Say good-bye; a client that does not answer is cut off."""
        self._wire.hurry()
        super().close()


def understood(said: str | bytes) -> str | None:
    """Return `said` without what nobody asked for; empty when that is all of it, None when it is no Socket.IO."""
    if not isinstance(said, str):
        return None
    if said == CLOSE:
        return said
    if said.startswith((EVENT, ACK)):
        return ""
    found = JOIN_OR_LEAVE.match(said)
    if not found:
        return None
    namespace = found[2] or "/"
    if found[1] == "0" and namespace not in NAMESPACES:
        refused("namespace")  # and the library tells the client
    return f"4{found[1]}{namespace},"


def refused(reason: str) -> None:
    """Log that a client was refused something, or cut off."""
    LOG.info("socket_refused", reason=reason)
