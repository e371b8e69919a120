"""Short-lived cache: values from memory for some time after their read began; concurrent misses share one read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from core.clock import monotonic
from core.concurrency.single_flight import single_flight

K = TypeVar("K")
V = TypeVar("V")


class TTLCache(Generic[K, V]):
    """Cache of `read` by key for `ttl` seconds. A value of None is read every time.

    Misses are read one after the other, unless `read` is `batched` and shares the reads of concurrent calls itself.
    """

    def __init__(self, read: Callable[[K], V], ttl: float, *, batched: bool = False) -> None:
        self._read = read if batched else single_flight(read)
        self._ttl = ttl
        self._entries: dict[K, tuple[float, V]] = {}

    def __call__(self, key: K) -> V:
        """Return the value of `key`, at most `ttl` seconds old."""
        cached = self.cached(key)
        if cached is not None:
            return cached
        end = monotonic() + self._ttl
        value = self._read(key)
        self._entries[key] = (end, value)
        return value

    def cached(self, key: K) -> V | None:
        """Return the value of `key` if it is in memory and young enough."""
        until, value = self._entries.get(key, (0.0, None))
        return value if until > monotonic() else None

    def values(self) -> list[V]:
        """Return the values that are in memory and young enough."""
        now = monotonic()
        return [value for until, value in self._entries.values() if until > now]

    def drop_expired(self) -> None:
        """Free the memory of the values that are too old."""
        now = monotonic()
        self._entries = {key: entry for key, entry in self._entries.items() if entry[0] > now}

    def invalidate(self) -> None:
        """Drop all entries."""
        self._entries = {}

    def invalidate_where(self, is_stale: Callable[[V], bool]) -> None:
        """Drop the entries whose value is stale."""
        self._entries = {key: entry for key, entry in self._entries.items() if not is_stale(entry[1])}
