"""Batched rate-limit storage: reads of one key that wait together are one read."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from limits.storage import MemoryStorage

from core.web.rate_limits.batched_storage import BatchedStorage
from tests.notifications.running_worker import wait_until


def test_waiting_reads_of_a_key_share_one(monkeypatch: pytest.MonkeyPatch) -> None:
    storage = BatchedStorage("batched://", "memory://")
    storage.incr("a", 60, 3)
    begun = threading.Event()
    release = threading.Event()
    reads: list[str] = []
    get = MemoryStorage.get

    def slow(inner: MemoryStorage, key: str) -> int:
        reads.append(key)
        begun.set()
        assert release.wait(10)
        return get(inner, key)

    monkeypatch.setattr(MemoryStorage, "get", slow)
    waiting = storage._get_shared.__self__._queue  # type: ignore[attr-defined]
    with ThreadPoolExecutor(6) as pool:
        counts = [pool.submit(storage.get, "a")]
        assert begun.wait(10)
        counts += [pool.submit(storage.get, key) for key in "aaaab"]
        wait_until(lambda: len(waiting) == 5)
        release.set()

    assert [count.result() for count in counts] == [3, 3, 3, 3, 3, 0]
    assert sorted(reads) == ["a", "a", "b"]
