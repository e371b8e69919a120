"""All Socket.IO connections of a process, and the one reader of the feed that tells them every change of every date.

A connection costs what waits for it, and that is bounded: who does not keep up is cut off, and so is everybody when
changes may have been missed. Clients then connect again by themselves, and read the slots as they do at the beginning.
"""

from __future__ import annotations

import threading
import time
from functools import cached_property
from typing import Any

import orjson
import socketio

from core import log
from live.broadcast_log import ALL_DATES, BroadcastLog, LoggedEvent, ReadCursor, latest, moved
from live.socketio.connection import MOST_BYTES, NAMESPACES, BoundedSocket, BoundedWebSocket, refused
from live.sse_format import told
from live.streams import HEARTBEAT_SECONDS, MOST_AT_ONCE, REST_SECONDS, WAKE_SECONDS

LOG = log.get_logger("live.socketio.routes")
PING_SECONDS, PONG_SECONDS = 25, 20
MOST_WAITING = 1000  # packets of earlier goes that a client has not taken when the next are told
IDLE_SECONDS = 1.0
PAUSE_AFTER_BUG = 5.0
# All that Engine.IO is told of a handshake that has been looked at.
KEPT_OF_HANDSHAKE = ("HTTP_SEC_WEBSOCKET_KEY", "gunicorn.socket")
HANDSHAKE = {
    "REQUEST_METHOD": "GET",
    "QUERY_STRING": "EIO=4&transport=websocket",
    "HTTP_HOST": "localhost",
    "HTTP_CONNECTION": "Upgrade",
    "HTTP_UPGRADE": "websocket",
    "HTTP_SEC_WEBSOCKET_VERSION": "13",
}


class SocketBroadcaster:
    """Tells the changes of `feed` to whoever is connected."""

    def __init__(self, feed: BroadcastLog) -> None:
        """Begin with nobody."""
        self._feed = feed
        self._lock = threading.Lock()
        self._open = 0
        self._mark: ReadCursor | None = None
        self._somebody = threading.Event()

    def is_open(self) -> bool:
        """Return whether connections are taken."""
        return self._feed.running

    def serve(self, key: str, wire: BoundedSocket) -> None:
        """Serve the connection of a handshake with `key` until it ends."""
        self._enter()
        try:
            self._server.handle_request({**HANDSHAKE, **dict(zip(KEPT_OF_HANDSHAKE, (key, wire), strict=True))}, None)
        finally:
            self._leave()
            wire.close()

    def run(self) -> None:
        """Tell changes until the feed is closed; then say good-bye to everybody."""
        while not self._feed.wait_for_end(0):
            try:
                self._tick()
            except Exception:  # the edge of the loop: it must not end, and nobody must miss anything
                LOG.exception("sockets_failed")
                self._disconnect_all()
                self._feed.wait_for_end(PAUSE_AFTER_BUG)
        for client in list(self._server.eio.sockets.values()):
            client.close(wait=False)

    @cached_property
    def _server(self) -> socketio.Server:
        server = socketio.Server(
            async_mode="gevent",
            transports=["websocket"],
            namespaces=list(NAMESPACES),
            cors_allowed_origins=[],  # the door has looked at the origin
            max_http_buffer_size=MOST_BYTES,
            ping_interval=PING_SECONDS,
            ping_timeout=PONG_SECONDS,
            async_handlers=False,
        )
        server.eio._async = {**server.eio._async, "websocket": BoundedWebSocket}
        return server

    def _enter(self) -> None:
        self._feed.wake(WAKE_SECONDS)
        with self._lock:
            self._open += 1
            if self._open == 1:
                self._feed.subscribe()
                self._mark = self._feed.here(ALL_DATES)
        self._somebody.set()

    def _leave(self) -> None:
        with self._lock:
            self._open -= 1
            if not self._open:
                self._feed.unsubscribe()
                self._mark = None
                self._somebody.clear()

    def _tick(self) -> None:
        with self._lock:
            mark = self._mark
        if mark is None:
            self._somebody.wait(IDLE_SECONDS)
            return
        news = self._feed.news(ALL_DATES)
        changes = self._feed.since(ALL_DATES, mark)
        if changes is None:
            self._go_on(mark, self._feed.here(ALL_DATES))
            self._disconnect_all()
        elif changes:
            self._go_on(mark, moved(mark, changes))
            self._emit(changes if len(changes) <= MOST_AT_ONCE else latest(changes))
            time.sleep(REST_SECONDS)
        else:
            news.wait(HEARTBEAT_SECONDS)

    def _go_on(self, mark: ReadCursor, then: ReadCursor) -> None:
        with self._lock:
            if self._mark is mark:  # else all have left meanwhile, and somebody new begins
                self._mark = then

    def _emit(self, changes: list[LoggedEvent]) -> None:
        self._disconnect_slow()
        for kept in changes:
            update: dict[str, Any] = orjson.loads(told(kept.message))
            for namespace in NAMESPACES:
                self._server.emit("slotUpdate", update, namespace=namespace)
            time.sleep(0)  # with many clients this takes a while, and others shall be served meanwhile

    def _disconnect_slow(self) -> None:
        for sid, client in list(self._server.eio.sockets.items()):
            if client.queue.qsize() > MOST_WAITING:
                refused("slow")
                self._disconnect(sid)

    def _disconnect_all(self) -> None:
        for sid in list(self._server.eio.sockets):
            self._disconnect(sid)

    def _disconnect(self, sid: str) -> None:
        handshake = self._server.environ.get(sid)
        if handshake is not None:
            handshake["gunicorn.socket"].close()
