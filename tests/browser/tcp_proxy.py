"""TCP proxy between a browser and the service, which can cut connections at any byte and change its target."""

from __future__ import annotations

import random
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

LIVE_REQUEST = b"GET /api/live"
# The service's reconnection time of seconds would be too long for a test.
RETRY_FIELD = re.compile(rb"retry: \d{4}\n")
SHORT_RETRY = b"retry: 0010\n"
MAX_STREAM_BYTES = 900


@dataclass
class TcpProxy:
    """Forwards connections from a port of its own to `port`.

    `stream_requests` are the requests for event streams as they were sent. While `cuts_left`, each stream is cut after
    a random number of bytes. With `drops_event_ids` the service does not receive Last-Event-ID. The answers to the next
    `lost_answers` POST requests are dropped.
    """

    port: int
    seed: int = 1
    cuts_left: int = 0
    drops_event_ids: bool = False
    stream_requests: list[bytes] = field(default_factory=list)
    posts: int = 0
    lost_answers: int = 0

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # positions of cuts, no secrets
        self._sockets: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Stop listening and cut all connections."""
        self._listener.close()
        self.cut_all()

    def cut_all(self) -> None:
        """Close all connections, wherever their streams are."""
        for end in list(self._sockets):
            _close(end)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._forward, args=(client,), daemon=True).start()

    def _forward(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(("127.0.0.1", self.port))
        except OSError:
            _close(client)
            return
        self._sockets |= {client, server}
        connection = _Connection(self, client, server)
        requests = threading.Thread(target=connection.forward_requests, daemon=True)
        requests.start()
        connection.forward_answers()
        requests.join()
        self._sockets -= {client, server}

    def next_cut(self) -> int | None:
        """Return after how many body bytes the next stream is cut, or None if it is not."""
        if not self.cuts_left:
            return None
        self.cuts_left -= 1
        return self._random.randint(0, MAX_STREAM_BYTES)


@dataclass
class _Connection:
    """One forwarded connection."""

    proxy: TcpProxy
    client: socket.socket
    server: socket.socket
    # Body bytes until the cut; None if the stream is not cut.
    bytes_left: int | None = None
    is_answer_lost: bool = False

    def forward_requests(self) -> None:
        self._pump(self.client, self.server, self._on_request)

    def forward_answers(self) -> None:
        self._pump(self.server, self.client, self._on_answer)

    def _on_request(self, chunk: bytes) -> bytes:
        if chunk.startswith(LIVE_REQUEST):
            self.proxy.stream_requests.append(chunk)
            is_reconnection = len(self.proxy.stream_requests) > 1
            self.bytes_left = self.proxy.next_cut() if is_reconnection else None
            return chunk.replace(b"Last-Event-ID", b"X-Not-Received") if self.proxy.drops_event_ids else chunk
        if chunk.startswith(b"POST "):
            self.proxy.posts += 1
            self.is_answer_lost = self.proxy.lost_answers > 0
            self.proxy.lost_answers -= self.is_answer_lost
        return chunk

    def _on_answer(self, chunk: bytes) -> bytes | None:
        if self.is_answer_lost:
            return None
        chunk = RETRY_FIELD.sub(SHORT_RETRY, chunk)
        if self.bytes_left is None:
            return chunk
        head, body = _split_head(chunk)
        allowed = body[: self.bytes_left]
        self.bytes_left -= len(body)
        if self.bytes_left >= 0:
            return chunk
        self.client.sendall(head + allowed)
        return None

    def _pump(self, source: socket.socket, target: socket.socket, on_chunk: Callable[[bytes], bytes | None]) -> None:
        """Forward chunks, as `on_chunk` changes them, until the source ends or `on_chunk` returns None."""
        with suppress(OSError):
            while chunk := source.recv(65536):
                forwarded = on_chunk(chunk)
                if forwarded is None:
                    break
                target.sendall(forwarded)
        _close(source)
        _close(target)


def _split_head(chunk: bytes) -> tuple[bytes, bytes]:
    """Return the response's head with its blank line, and the body; a later chunk is all body."""
    if not chunk.startswith(b"HTTP/"):
        return b"", chunk
    head, blank_line, body = chunk.partition(b"\r\n\r\n")
    return head + blank_line, body


def _close(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()


@contextmanager
def tcp_proxy(url: str, *, seed: int = 1, drops_event_ids: bool = False) -> Iterator[TcpProxy]:
    """Run a proxy to the service at `url` until the block ends."""
    port = int(url.rpartition(":")[2])
    proxy = TcpProxy(port, seed=seed, drops_event_ids=drops_event_ids)
    try:
        yield proxy
    finally:
        proxy.close()
