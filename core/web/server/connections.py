"""Connection table: bounds a worker's client connections per address, in idle time and in unread answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from core import log
from core.clock import monotonic

LOG = log.get_logger("web.connections")
# An answer may wait so long for a client that reads nothing; every byte that is read earns some of it back.
PATIENCE_SECONDS = 30.0
MIN_BYTES_PER_SECOND = 2048.0
# A connection is only closed in favour of another one after it has waited for its client so long.
EXPENDABLE_SECONDS = 1.0
SEARCH_PAUSE_SECONDS = 0.1


@dataclass(frozen=True)
class ConnectionLimits:
    """Bounds of a worker; `per_address` is None where a proxy makes all connections."""

    total: int
    per_address: int | None
    head_seconds: float


@dataclass(eq=False, slots=True)
class ClientConnection:
    """A client's connection; `abort` drops it, `finish` ends it before its next request."""

    address: str
    abort: Callable[[], None]
    finish: Callable[[], None]
    waiting_since: float | None = None
    writing_since: float | None = None
    patience: float = PATIENCE_SECONDS

    def begin_waiting(self) -> None:
        """Record that the next request's head is awaited."""
        self.waiting_since = monotonic()

    def begin_request(self) -> None:
        """Record that a request has arrived."""
        self.waiting_since = None
        self.patience = PATIENCE_SECONDS

    def begin_write_wait(self) -> None:
        """Record that an answer waits for the client to read."""
        self.writing_since = monotonic()

    def end_write_wait(self, sent: int) -> None:
        """Subtract the wait from the patience, and add what `sent` bytes earn."""
        left = self.patience_left() + sent / MIN_BYTES_PER_SECOND
        self.patience = min(left, PATIENCE_SECONDS)
        self.writing_since = None

    def patience_left(self) -> float:
        """Return how many seconds the pending answer may go on waiting."""
        if self.writing_since is None:
            return self.patience
        return self.patience - (monotonic() - self.writing_since)


@dataclass
class ConnectionTable:
    """The open client connections of a worker."""

    limits: ConnectionLimits
    _open: set[ClientConnection] = field(default_factory=set)
    _by_address: dict[str, set[ClientConnection]] = field(default_factory=dict)
    # By address, and "" for all: not to search them for each connection of a flood.
    _search_again_at: dict[str, float] = field(default_factory=dict)

    def admit(self, connection: ClientConnection) -> bool:
        """Add a connection, dropping another one if its address or the worker is full; False if there is no room."""
        of_address = self._by_address.get(connection.address, set())
        limit = self.limits.per_address
        if limit is not None and len(of_address) >= limit and not self._drop_one(connection.address, of_address):
            return False
        if len(self._open) >= self.limits.total:
            self._drop_one("", self._open)
        self._open.add(connection)
        self._by_address.setdefault(connection.address, set()).add(connection)
        return True

    def release(self, connection: ClientConnection) -> None:
        """Remove a connection; idempotent."""
        self._open.discard(connection)
        of_address = self._by_address.get(connection.address)
        if of_address is None:
            return
        of_address.discard(connection)
        if not of_address:
            del self._by_address[connection.address]
            self._search_again_at.pop(connection.address, None)

    def count(self) -> int:
        """Return the number of open connections."""
        return len(self._open)

    def sweep(self) -> None:
        """Drop the connections whose client is too slow to read an answer or to send a head."""
        latest = monotonic() - self.limits.head_seconds
        for connection in list(self._open):
            if connection.writing_since is not None and connection.patience_left() <= 0:
                self._drop(connection, "unread")
            elif connection.waiting_since is not None and connection.waiting_since < latest:
                connection.finish()

    def finish_idle(self) -> None:
        """End the connections that wait for a request."""
        for connection in list(self._open):
            if connection.waiting_since is not None:
                connection.finish()

    def _drop_one(self, address: str, candidates: Iterable[ClientConnection]) -> bool:
        now = monotonic()
        if now < self._search_again_at.get(address, 0.0):
            return False
        expendable = _most_expendable(candidates, now - EXPENDABLE_SECONDS)
        if expendable is None:
            self._search_again_at[address] = now + SEARCH_PAUSE_SECONDS
            return False
        self._drop(expendable, "crowded")
        return True

    def _drop(self, connection: ClientConnection, reason: str) -> None:
        self.release(connection)
        connection.abort()
        LOG.info("connection_dropped", reason=reason)


def _most_expendable(candidates: Iterable[ClientConnection], before: float) -> ClientConnection | None:
    """Return the client that has read least for too long, else the one idle longest, if since `before`."""
    writing: list[ClientConnection] = []
    waiting: list[tuple[float, int, ClientConnection]] = []
    for connection in candidates:
        if connection.writing_since is not None and connection.writing_since <= before:
            writing.append(connection)
        elif connection.waiting_since is not None and connection.waiting_since <= before:
            waiting.append((connection.waiting_since, id(connection), connection))
    if writing:
        return min(writing, key=ClientConnection.patience_left)
    return min(waiting)[2] if waiting else None
