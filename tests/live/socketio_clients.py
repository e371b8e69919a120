"""Socket.IO clients as other people write them, and a bare WebSocket for what no client would say."""

from __future__ import annotations

import logging
import queue
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import socketio
import websocket

from tests.live.sse_client import SECONDS, holder

NAMESPACES = ["/", "/api"]
PATH = "/socket.io/?EIO=4&transport=websocket"
# A client's thread may tell of its end when the test, and what it printed to, are gone.
UNHEARD = logging.getLogger("unheard")
UNHEARD.addHandler(logging.NullHandler())
UNHEARD.propagate = False


class Listener:
    """A client on both namespaces that records the changes it gets, in order."""

    def __init__(self, url: str, *, namespaces: list[str] | None = None, event: str = "slotUpdate", **how: Any) -> None:
        self.client = socketio.Client(
            reconnection_delay=0.05, reconnection_delay_max=0.1, logger=UNHEARD, engineio_logger=UNHEARD
        )
        self.heard: dict[str, queue.Queue[dict[str, Any]]] = {name: queue.Queue() for name in NAMESPACES}
        for name, updates in self.heard.items():
            self.client.on(event, updates.put, namespace=name)
        self.client.connect(url, transports=["websocket"], namespaces=namespaces or NAMESPACES, **how)

    def next(self, namespace: str = "/", seconds: float = SECONDS) -> dict[str, Any]:
        """Return the next change."""
        return self.heard[namespace].get(timeout=seconds)

    def worker(self, pids: list[int]) -> int:
        return holder(self.client.eio.ws.sock, pids)

    def close(self) -> None:
        self.client.shutdown()


@contextmanager
def listening(url: str, **how: Any) -> Iterator[Listener]:
    """Connect a client until the block ends."""
    listener = Listener(url, **how)
    try:
        yield listener
    finally:
        listener.close()


@contextmanager
def on_each(url: str, pids: list[int], **how: Any) -> Iterator[list[Listener]]:
    """Connect a client to each worker."""
    found: dict[int, Listener] = {}
    try:
        for _ in range(200):
            listener = Listener(url, **how)
            if found.setdefault(listener.worker(pids), listener) is not listener:
                listener.close()
            if len(found) == len(pids):
                break
        assert len(found) == len(pids), "a worker takes no connection"
        yield list(found.values())
    finally:
        for listener in found.values():
            listener.close()


@contextmanager
def bare(url: str, *, room: int | None = None, **how: Any) -> Iterator[websocket.WebSocket]:
    """Open a WebSocket past Engine.IO's first packet; `room` bounds what the machine keeps for it."""
    options = [(socket.SOL_SOCKET, socket.SO_RCVBUF, room)] if room else []
    connection = websocket.create_connection(url.replace("http", "ws") + PATH, timeout=SECONDS, sockopt=options, **how)
    try:
        assert str(connection.recv()).startswith("0{")
        yield connection
    finally:
        with suppress(OSError):
            connection.shutdown()  # type: ignore[no-untyped-call]


def ends(connection: websocket.WebSocket, seconds: float = SECONDS) -> bool:
    """Read to the end of the connection; return whether it comes soon enough."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            opcode, _ = connection.recv_data()
        except (OSError, websocket.WebSocketConnectionClosedException):
            return not isinstance(connection.sock, socket.socket) or time.monotonic() < end
        if opcode == websocket.ABNF.OPCODE_CLOSE:
            return True
    return False
