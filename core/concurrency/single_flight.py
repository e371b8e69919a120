"""Request coalescing: concurrent callers share one read, bounded in time for reads of the database."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TypeVar

from core.concurrency.batcher import Batcher, PendingRequest, PendingRequests
from core.mongo.client import timeout
from core.mongo.failures import DatabaseError, is_unavailable

K = TypeVar("K")
V = TypeVar("V")

READ_SECONDS = 5.0  # as long as the client looks for a server
MAX_READERS = 10_000


def single_flight(
    read: Callable[[K], V], *, fails_all: Callable[[Exception], bool] = lambda _: False, max_queue: int = MAX_READERS
) -> Callable[[K], V]:
    """Return `read` such that concurrent callers with one key share one call of it.

    The shared call always begins after the caller arrived, so every caller sees what was written before. An error for
    which `fails_all` is true is raised for all waiting callers, whatever their key: none repeats a wait in vain.
    """

    def read_batch(batch: PendingRequests[K, V]) -> None:
        for key, waiting in _by_key(batch).items():
            error = _resolve_all(waiting, key, read)
            if error is not None and fails_all(error):
                raise error

    return Batcher(read_batch, max_queue=max_queue, max_batch=max_queue).submit


def single_flight_read(read: Callable[[K], V]) -> Callable[[K], V]:
    """Return `read` coalesced by key; if the database is unavailable, all waiting callers fail together.

    Raises DatabaseError after READ_SECONDS. A caller that arrives during the read may wait twice as long.
    """

    def bounded(key: K) -> V:
        with timeout(READ_SECONDS):
            return read(key)

    return single_flight(bounded, fails_all=_is_unavailable)


def batched_read(read_many: Callable[[Collection[K]], Mapping[K, V]]) -> Callable[[K], V | None]:
    """Return a read of one key such that the keys of concurrent callers are read together.

    It returns None for a key that is not found, and is bounded in time like `single_flight_read`. After an error other
    than the database's each key is read alone: only the one that causes it, such as an unreadable document, fails.
    """

    def read_one(key: K) -> V | None:
        with timeout(READ_SECONDS):
            return read_many({key}).get(key)

    def read_batch(batch: PendingRequests[K, V | None]) -> None:
        by_key = _by_key(batch)
        try:
            with timeout(READ_SECONDS):
                found = read_many(set(by_key))
        except Exception as error:
            if len(by_key) == 1 or isinstance(error, DatabaseError):
                raise
            for key, waiting in by_key.items():
                _resolve_all(waiting, key, read_one)
            return
        for pending in batch:
            pending.resolve(found.get(pending.request))

    return Batcher(read_batch, max_queue=MAX_READERS, max_batch=MAX_READERS).submit


def _by_key(batch: PendingRequests[K, V]) -> dict[K, list[PendingRequest[K, V]]]:
    by_key: dict[K, list[PendingRequest[K, V]]] = {}
    for pending in batch:
        by_key.setdefault(pending.request, []).append(pending)
    return by_key


def _resolve_all(waiting: PendingRequests[K, V], key: K, read: Callable[[K], V]) -> Exception | None:
    """Answer all with one read of `key`; return its error."""
    try:
        value = read(key)
    except Exception as error:
        for pending in waiting:
            pending.reject(error)
        return error
    for pending in waiting:
        pending.resolve(value)
    return None


def _is_unavailable(error: Exception) -> bool:
    return isinstance(error, DatabaseError) and is_unavailable(error)
