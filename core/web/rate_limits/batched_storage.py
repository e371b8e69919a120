"""Where limits are counted: exact over all workers, cheap in a rush, and neither hanging nor open when away.

Wraps a storage of the `limits` library. Requests that wait at the same time are counted together, in MongoDB in one go
for all their keys; while the shared storage does not answer, the same limits are counted in this worker's memory.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, TypeVar, cast

from limits.storage import MemoryStorage, Storage, storage_from_string

from core import log
from core.concurrency.batcher import Batcher, PendingRequest, PendingRequests
from core.mongo.client import timeout
from core.web.rate_limits.mongo_storage import BatchedMongoStorage, Key

LOG = log.get_logger("web.limits")
SCHEME = "together"
RETRY_INTERVAL = 5.0  # seconds before a storage that was away is asked again
MOST_WAITING, MOST_AT_ONCE = 20_000, 1000
MAX_SECONDS = 2.0  # for one question, where the storage is MongoDB

T = TypeVar("T")
Hit = tuple[str, int, int]


class BatchedStorage(Storage):
    """Counts hits on the wrapped storage, many at once, with this worker's memory to fall back on."""

    STORAGE_SCHEME = [SCHEME]  # noqa: RUF012  # the library's own way to register a storage

    def __init__(self, uri: str, inner: str, **options: Any) -> None:
        """Wrap the storage at the address `inner`."""
        super().__init__(uri)
        self._address = inner
        self._options = options
        self._memory = MemoryStorage()
        self._unavailable_until = 0.0
        self._counting: Batcher[Hit, int] = Batcher(self._count, max_queue=MOST_WAITING, max_batch=MOST_AT_ONCE)

    @cached_property
    def _inner(self) -> Storage:
        # Made when first asked: a command that serves nobody must not connect, nor close what it never opened.
        if self._address.startswith("mongodb"):
            return BatchedMongoStorage(self._address, **self._options)
        return cast("Storage", storage_from_string(self._address, **self._options))

    @property
    def base_exceptions(self) -> type[Exception]:
        """Name the errors that mean the storage is away."""
        return Exception

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count `amount` on `key` and return the count after it; the window lasts `expiry` seconds."""
        return self._counting.submit((key, expiry, amount))

    def get(self, key: str) -> int:
        """Return the count of `key`."""
        return self._with_fallback(lambda storage: storage.get(key))

    def get_expiry(self, key: str) -> float:
        """Return when the window of `key` ends, in seconds since 1970."""
        return self._with_fallback(lambda storage: storage.get_expiry(key))

    def close(self) -> None:
        """Let go of the shared storage while the process is still whole; some close themselves when it no longer is."""
        self.__dict__.pop("_inner", None)

    def check(self) -> bool:
        """Return whether the shared storage answers."""
        return bool(self._inner.check())

    def reset(self) -> int | None:
        """Forget all counts."""
        self._memory.reset()
        return self._inner.reset()

    def clear(self, key: str) -> None:
        """Forget the count of `key`."""
        self._memory.clear(key)
        self._with_fallback(lambda storage: storage.clear(key))

    def _count(self, tickets: PendingRequests[Hit, int]) -> None:
        by_key: dict[Key, list[PendingRequest[Hit, int]]] = {}
        for ticket in tickets:
            by_key.setdefault(ticket.request[:2], []).append(ticket)
        amounts = {key: sum(ticket.request[2] for ticket in mine) for key, mine in by_key.items()}
        counts = self._with_fallback(lambda storage: _count_on(storage, amounts))
        for key, mine in by_key.items():
            count = counts[key] - amounts[key]
            for ticket in mine:
                count += ticket.request[2]
                ticket.resolve(count)

    def _with_fallback(self, question: Callable[[Storage], T]) -> T:
        if time.monotonic() >= self._unavailable_until:
            try:
                with timeout(MAX_SECONDS):
                    return question(self._inner)
            except Exception as error:  # the edge: any trouble of any storage means the same
                self._unavailable_until = time.monotonic() + RETRY_INTERVAL
                LOG.warning("limit_storage_away", error=type(error).__name__)
        return question(self._memory)


def _count_on(storage: Storage, amounts: Mapping[Key, int]) -> dict[Key, int]:
    """Return the counts of all keys after their amounts; one key alone takes one round trip."""
    if isinstance(storage, BatchedMongoStorage) and len(amounts) > 1:
        return storage.incr_many(amounts)
    return {(key, seconds): storage.incr(key, seconds, amount) for (key, seconds), amount in amounts.items()}
