"""Connection limits: a bound per process and per address, and the closing of stalled connections."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from core import metrics
from core.clock import monotonic
from live.errors import AddressLimitReached, CapacityReached

# gunicorn has 2,000 connections per worker: the rest is left to bookings.
MAX_CONNECTIONS = 1500
# Many guests may share an address, but one address must not take every connection.
MAX_PER_ADDRESS = 1000
STALLED_SECONDS = 30.0
RETRY_AFTER_SECONDS = 5


@dataclass(eq=False, slots=True)
class Connection:
    """An open stream; `abort` ends it from another thread, `sending_since` is the start of a pending write."""

    address: str
    abort: Callable[[], None]
    sending_since: float | None = None

    def track_writes(self, messages: Iterator[bytes]) -> Iterator[bytes]:
        """Yield `messages`, recording when the write of each began."""
        for message in messages:
            self.sending_since = monotonic()
            yield message
            self.sending_since = None


class ConnectionLimiter:
    """The open connections of this process."""

    def __init__(self, limit: int = MAX_CONNECTIONS, limit_per_address: int = MAX_PER_ADDRESS) -> None:
        self._limit = limit
        self._limit_per_address = limit_per_address
        self._lock = threading.Lock()
        self._open: set[Connection] = set()
        self._by_address: Counter[str] = Counter()

    def acquire(self, address: str, abort: Callable[[], None]) -> Connection:
        """Return a connection that must be released; raises CapacityReached and AddressLimitReached."""
        connection = Connection(address, abort)
        with self._lock:
            refusal = self._refusal(address)
            if refusal is None:
                self._open.add(connection)
                self._by_address[address] += 1
        if refusal is not None:
            metrics.LIVE_STREAMS.labels("refused").inc()
            raise refusal
        metrics.LIVE_STREAMS.labels("opened").inc()
        return connection

    def release(self, connection: Connection) -> None:
        """Release a connection; idempotent."""
        with self._lock:
            if connection not in self._open:
                return
            self._open.discard(connection)
            self._by_address[connection.address] -= 1
            if not self._by_address[connection.address]:
                del self._by_address[connection.address]
        metrics.LIVE_STREAMS.labels("closed").inc()

    def count(self) -> int:
        """Return the number of open connections."""
        return len(self._open)

    def close_stalled(self, seconds: float = STALLED_SECONDS) -> None:
        """Abort the connections whose pending write began at least `seconds` ago."""
        oldest = monotonic() - seconds
        for connection in list(self._open):
            if connection.sending_since is not None and connection.sending_since <= oldest:
                connection.abort()

    def _refusal(self, address: str) -> CapacityReached | AddressLimitReached | None:
        if len(self._open) >= self._limit:
            return CapacityReached(retry_after=RETRY_AFTER_SECONDS)
        if self._by_address[address] >= self._limit_per_address:
            return AddressLimitReached(retry_after=RETRY_AFTER_SECONDS)
        return None
