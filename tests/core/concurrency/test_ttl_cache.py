"""Short-lived cache: which entries are dropped, and how misses are read."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from core.concurrency.ttl_cache import TTLCache


def test_invalidate_where_drops_only_stale_entries() -> None:
    reads: list[str] = []

    def read(key: str) -> str:
        reads.append(key)
        return key.upper()

    cache = TTLCache(read, ttl=60)
    for key in ("a", "b"):
        cache(key)

    cache.invalidate_where(lambda value: value == "A")

    assert [cache(key) for key in ("a", "b")] == ["A", "B"]
    assert reads == ["a", "b", "a"]


def test_batched_misses_are_read_at_the_same_time() -> None:
    both = threading.Barrier(2, timeout=30)

    def read(key: str) -> str:
        both.wait()
        return key

    cache = TTLCache(read, ttl=60, batched=True)

    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(cache, ["a", "b"])) == ["a", "b"]
