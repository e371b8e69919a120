"""Batched rate-limit storage: concurrent hits are counted together, with a fallback to this worker's memory.

Wraps a storage of the `limits` library. All keys of a batch are counted in MongoDB in one call. While the shared
storage is unavailable, the same limits are counted in memory.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, TypeVar, cast

from limits.storage import MemoryStorage, Storage, storage_from_string

from core import log
from core.concurrency.batcher import Batcher, PendingRequest, PendingRequests
from core.concurrency.single_flight import single_flight
from core.mongo.client import timeout
from core.web.rate_limits.mongo_storage import BatchedMongoStorage, Key

LOG = log.get_logger("web.limits")
SCHEME = "batched"
RETRY_INTERVAL = 5.0  # seconds before the next call to an unavailable storage
MAX_QUEUE = 20_000
MAX_BATCH = 1000
MAX_SECONDS = 2.0  # for one call, if the storage is MongoDB

T = TypeVar("T")
Hit = tuple[str, int, int]


class BatchedStorage(Storage):
    """Counts hits on the wrapped storage in batches, or in memory while it is unavailable."""

    STORAGE_SCHEME = [SCHEME]  # noqa: RUF012  # the library's own way to register a storage

    def __init__(self, uri: str, inner: str, **options: Any) -> None:
        super().__init__(uri)
        self._address = inner
        self._options = options
        self._memory = MemoryStorage()
        self._unavailable_until = 0.0
        self._counting: Batcher[Hit, int] = Batcher(self._count, max_queue=MAX_QUEUE, max_batch=MAX_BATCH)
        self._get_shared = single_flight(self._get, max_queue=MAX_QUEUE)

    @cached_property
    def _inner(self) -> Storage:
        # Built on first use: a command that serves no requests does not connect.
        if self._address.startswith("mongodb"):
            return BatchedMongoStorage(self._address, **self._options)
        return cast("Storage", storage_from_string(self._address, **self._options))

    @property
    def base_exceptions(self) -> type[Exception]:
        return Exception

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Add `amount` to the count of `key` and return it; the window lasts `expiry` seconds."""
        return self._counting.submit((key, expiry, amount))

    def get(self, key: str) -> int:
        """Return the count of `key`. Concurrent calls for one key share a read."""
        return self._get_shared(key)

    def get_expiry(self, key: str) -> float:
        """Return the end of the window of `key`, in seconds since 1970."""
        return self._with_fallback(lambda storage: storage.get_expiry(key))

    def close(self) -> None:
        """Close the shared storage before interpreter shutdown."""
        self.__dict__.pop("_inner", None)

    def check(self) -> bool:
        """Return whether the shared storage is available."""
        return bool(self._inner.check())

    def reset(self) -> int | None:
        self._memory.reset()
        return self._inner.reset()

    def clear(self, key: str) -> None:
        self._memory.clear(key)
        self._with_fallback(lambda storage: storage.clear(key))

    def _get(self, key: str) -> int:
        return self._with_fallback(lambda storage: storage.get(key))

    def _count(self, hits: PendingRequests[Hit, int]) -> None:
        by_key: dict[Key, list[PendingRequest[Hit, int]]] = {}
        for hit in hits:
            by_key.setdefault(hit.request[:2], []).append(hit)
        amounts = {key: sum(hit.request[2] for hit in same) for key, same in by_key.items()}
        counts = self._with_fallback(lambda storage: _count_on(storage, amounts))
        for key, same in by_key.items():
            count = counts[key] - amounts[key]
            for hit in same:
                count += hit.request[2]
                hit.resolve(count)

    def _with_fallback(self, call: Callable[[Storage], T]) -> T:
        if time.monotonic() >= self._unavailable_until:
            try:
                with timeout(MAX_SECONDS):
                    return call(self._inner)
            except Exception as error:  # boundary: every error of any storage has the same consequence
                self._unavailable_until = time.monotonic() + RETRY_INTERVAL
                LOG.warning("limit_storage_unavailable", error=type(error).__name__)
        return call(self._memory)


def _count_on(storage: Storage, amounts: Mapping[Key, int]) -> dict[Key, int]:
    """Add the amounts and return the counts of all keys; a single key takes one round trip."""
    if isinstance(storage, BatchedMongoStorage) and len(amounts) > 1:
        return storage.incr_many(amounts)
    return {(key, seconds): storage.incr(key, seconds, amount) for (key, seconds), amount in amounts.items()}
