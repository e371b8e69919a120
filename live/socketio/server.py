"""Socket.IO broadcaster: one subscriber of all topics sends every change to all connections of a process.

A connection costs its queue, which is bounded: slow clients are disconnected, and all clients after a gap. Clients
reconnect by themselves, and read slots and events as after their first connection.
"""

from __future__ import annotations

import threading
import time
from functools import cached_property
from typing import Any

import orjson
import socketio

from core import log
from live.broadcast_log import ALL_TOPICS, BroadcastLog, ReadCursor, advance, compact
from live.model import Change
from live.socketio.connection import MAX_MESSAGE_BYTES, NAMESPACES, BoundedSocket, BoundedWebSocket, log_rejection
from live.sse_format import payload
from live.streams import BATCH_PAUSE_SECONDS, HEARTBEAT_SECONDS, MAX_BATCH, WAKE_SECONDS

LOG = log.get_logger("live.socketio.routes")
PING_SECONDS, PONG_SECONDS = 25, 20
MAX_QUEUE = 1000  # packets of earlier broadcasts in a client's queue when the next one begins
IDLE_SECONDS = 1.0
PAUSE_AFTER_BUG = 5.0
# The handshake for Engine.IO: the client's own was validated before, and only its key is passed on.
HANDSHAKE = {
    "REQUEST_METHOD": "GET",
    "QUERY_STRING": "EIO=4&transport=websocket",
    "HTTP_HOST": "localhost",
    "HTTP_CONNECTION": "Upgrade",
    "HTTP_UPGRADE": "websocket",
    "HTTP_SEC_WEBSOCKET_VERSION": "13",
}


class SocketBroadcaster:
    """Sends the changes in `broadcast_log` to all connections."""

    def __init__(self, broadcast_log: BroadcastLog) -> None:
        self._log = broadcast_log
        self._demand = broadcast_log.demand
        self._lock = threading.Lock()
        self._connection_count = 0
        self._cursor: ReadCursor | None = None
        self._connected = threading.Event()

    def is_open(self) -> bool:
        """Return whether connections are accepted."""
        return self._demand.running

    def serve(self, key: str, bounded_socket: BoundedSocket) -> None:
        """Serve the connection of a handshake with `key` until it ends."""
        self._enter()
        environ = {**HANDSHAKE, "HTTP_SEC_WEBSOCKET_KEY": key, "gunicorn.socket": bounded_socket}
        try:
            self._server.handle_request(environ, None)
        finally:
            self._leave()
            bounded_socket.close()

    def run(self) -> None:
        """Broadcast changes until the log is closed; then close all connections."""
        while not self._demand.wait_for_end(0):
            try:
                self._tick()
            except Exception:  # boundary of the loop: it must not end, and clients must not miss a change
                LOG.exception("sockets_failed")
                self._disconnect_all()
                self._demand.wait_for_end(PAUSE_AFTER_BUG)
        for client in list(self._server.eio.sockets.values()):
            client.close(wait=False)

    @cached_property
    def _server(self) -> socketio.Server:
        server = socketio.Server(
            async_mode="gevent",
            transports=["websocket"],
            namespaces=list(NAMESPACES),
            cors_allowed_origins=[],  # the endpoint has checked the origin
            max_http_buffer_size=MAX_MESSAGE_BYTES,
            ping_interval=PING_SECONDS,
            ping_timeout=PONG_SECONDS,
            async_handlers=False,
        )
        server.eio._async = {**server.eio._async, "websocket": BoundedWebSocket}
        return server

    def _enter(self) -> None:
        self._demand.wake(WAKE_SECONDS)
        with self._lock:
            self._connection_count += 1
            if self._connection_count == 1:
                self._demand.subscribe()
                self._cursor = self._log.tail(ALL_TOPICS)
        self._connected.set()

    def _leave(self) -> None:
        with self._lock:
            self._connection_count -= 1
            if not self._connection_count:
                self._demand.unsubscribe()
                self._cursor = None
                self._connected.clear()

    def _tick(self) -> None:
        with self._lock:
            cursor = self._cursor
        if cursor is None:
            self._connected.wait(IDLE_SECONDS)
            return
        changed = self._log.changed(ALL_TOPICS)
        changes = self._log.since(ALL_TOPICS, cursor)
        if changes is None:
            self._move_cursor(cursor, self._log.tail(ALL_TOPICS))
            self._disconnect_all()
        elif changes:
            self._move_cursor(cursor, advance(cursor, changes))
            self._emit(changes)
            time.sleep(BATCH_PAUSE_SECONDS)
        else:
            changed.wait(HEARTBEAT_SECONDS)

    def _move_cursor(self, expected: ReadCursor, new: ReadCursor) -> None:
        with self._lock:
            # Another cursor means that all clients have left, and a new first one has connected.
            if self._cursor is expected:
                self._cursor = new

    def _emit(self, changes: list[Change]) -> None:
        self._disconnect_slow()
        if len(changes) > MAX_BATCH:
            changes = compact(changes)
        for change in changes:
            update: dict[str, Any] = orjson.loads(payload(change.message))
            for namespace in NAMESPACES:
                self._server.emit(change.name, update, namespace=namespace)
            time.sleep(0)  # With many clients an emit takes long: let other greenlets run.

    def _disconnect_slow(self) -> None:
        for sid, client in list(self._server.eio.sockets.items()):
            if client.queue.qsize() > MAX_QUEUE:
                log_rejection("slow")
                self._disconnect(sid)

    def _disconnect_all(self) -> None:
        for sid in list(self._server.eio.sockets):
            self._disconnect(sid)

    def _disconnect(self, sid: str) -> None:
        handshake = self._server.environ.get(sid)
        if handshake is not None:
            handshake["gunicorn.socket"].close()
