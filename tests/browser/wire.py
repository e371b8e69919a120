"""A wire between a browser and the service, which a test may cut, at any byte, and whose other end may move."""

from __future__ import annotations

import random
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

LIVE = b"GET /api/live"
# How long the service tells a browser to wait before it connects again; a test has less time than a guest.
RETRY = re.compile(rb"retry: \d{4}\n")
SOON = b"retry: 0010\n"


@dataclass
class Wire:
    """Carries connections from a port of its own to `port`.

    `heads` are the requests for live streams as they were sent. While `cuts_left`, each stream is cut after a random
    number of bytes, within a message or between two. `forgetful`: nobody tells what was heard before. As many answers
    to posts as it `loses` never arrive.
    """

    port: int
    seed: int = 1
    cuts_left: int = 0
    forgetful: bool = False
    heads: list[bytes] = field(default_factory=list)
    posts: int = 0
    loses: int = 0

    def __post_init__(self) -> None:
        """Listen."""
        self._random = random.Random(self.seed)  # moments, no secrets
        self._ends: set[socket.socket] = set()
        self._door = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"http://127.0.0.1:{self._door.getsockname()[1]}"
        threading.Thread(target=self._welcome, daemon=True).start()

    def close(self) -> None:
        """End everything."""
        self._door.close()
        self.cut()

    def cut(self) -> None:
        """Cut all connections without a word."""
        for end in list(self._ends):
            _cut(end)

    def _welcome(self) -> None:
        while True:
            try:
                near, _ = self._door.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(near,), daemon=True).start()

    def _carry(self, near: socket.socket) -> None:
        try:
            far = socket.create_connection(("127.0.0.1", self.port))
        except OSError:
            _cut(near)
            return
        self._ends |= {near, far}
        talk = _Talk(self, near, far)
        asking = threading.Thread(target=talk.ask, daemon=True)
        asking.start()
        talk.answer()
        asking.join()
        self._ends -= {near, far}

    def moment(self) -> int | None:
        """Return after how many bytes of news the next stream is cut; None when it is not."""
        if not self.cuts_left:
            return None
        self.cuts_left -= 1
        return self._random.randint(0, 900)


@dataclass
class _Talk:
    """One connection and what is going on in it."""

    wire: Wire
    near: socket.socket
    far: socket.socket
    # Bytes that may still come; None: all.
    left: int | None = None
    is_lost: bool = False

    def ask(self) -> None:
        """Carry what the browser says."""
        self._pump(self.near, self.far, self._heard)

    def answer(self) -> None:
        """Carry what the service says."""
        self._pump(self.far, self.near, self._told)

    def _heard(self, said: bytes) -> bytes:
        if said.startswith(LIVE):
            self.wire.heads.append(said)
            self.left = self.wire.moment() if len(self.wire.heads) > 1 else None
            return said.replace(b"Last-Event-ID", b"X-Nobody-Hears") if self.wire.forgetful else said
        if said.startswith(b"POST "):
            self.wire.posts += 1
            self.is_lost = self.wire.loses > 0
            self.wire.loses -= self.is_lost
        return said

    def _told(self, said: bytes) -> bytes | None:
        if self.is_lost:
            return None
        said = RETRY.sub(SOON, said)
        if self.left is None:
            return said
        head, gap, news = said.partition(b"\r\n\r\n") if said.startswith(b"HTTP/") else (b"", b"", said)
        may, self.left = news[: self.left], self.left - len(news)
        if self.left >= 0:
            return said
        self.near.sendall(head + gap + may)
        return None

    def _pump(self, source: socket.socket, drain: socket.socket, change: Callable[[bytes], bytes | None]) -> None:
        with suppress(OSError):
            while said := source.recv(65536):
                carried = change(said)
                if carried is None:
                    break
                drain.sendall(carried)
        _cut(source)
        _cut(drain)


def _cut(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()


@contextmanager
def wired(url: str, **how: int | bool) -> Iterator[Wire]:
    """Lay a wire to the service at `url` until the block ends."""
    wire = Wire(int(url.rpartition(":")[2]), **how)  # type: ignore[arg-type]  # what it has are numbers and switches
    try:
        yield wire
    finally:
        wire.close()
