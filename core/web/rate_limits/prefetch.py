"""Prefetched rate-limit quota: a worker counts a block of hits in the storage and then spends it locally.

All workers together never exceed the limit, since a block is counted first, in the same window. Unused quota is not
returned, so a limit may apply early by up to one unused block per worker. Small limits, and the second half of every
limit, are counted one by one.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

from limits import RateLimitItem
from limits.storage import Storage

from core.clock import monotonic, now

# A block is the limit divided by BLOCK_FRACTION, at most MAX_BLOCK, and is valid for BLOCK_SECONDS.
BLOCK_FRACTION = 64
MAX_BLOCK = 64
BLOCK_SECONDS = 5.0
MAX_KEYS = 20_000


@dataclass
class Prefetched:
    """The rest of a block and the storage's latest count, both valid until `until` (monotonic seconds)."""

    left: int = 0
    count: int = 0
    until: float = 0.0
    refill_in_progress: bool = False


class PrefetchingCounter:
    """Counts hits on `storage`, in blocks while the limit is far."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._quotas: dict[str, Prefetched] = {}
        self._lock = threading.Lock()

    def hit(self, item: RateLimitItem, *identifiers: str) -> bool:
        """Count one hit on `item`; return whether it is within the limit. Source: a fixed window, as in `limits`."""
        key = item.key_for(*identifiers)
        with self._lock:
            quota = self._prefetched(key)
            if quota.left > 0:
                quota.left -= 1
                return True
            block = _block_size(item, quota)
            # One block at a time: a concurrent request counts itself, or each of a crowd would prefetch its own block.
            quota.refill_in_progress = quota.refill_in_progress or block > 1
        try:
            return self._count(item, key, quota, block)
        finally:
            if block > 1:
                quota.refill_in_progress = False

    def _count(self, item: RateLimitItem, key: str, quota: Prefetched, block: int) -> bool:
        count = self._storage.incr(key, item.get_expiry(), amount=block)
        usable = min(block, item.amount - (count - block))
        # A block is valid in its own window only: the next window has not counted it.
        ends_in = self._storage.get_expiry(key) - now().timestamp() if usable > 1 else BLOCK_SECONDS
        with self._lock:
            if block > 1:
                quota.left = max(0, usable - 1)
            if block > 1 or quota.left == 0:
                quota.until = monotonic() + min(BLOCK_SECONDS, ends_in)
            quota.count = count
        return usable > 0

    def _prefetched(self, key: str) -> Prefetched:
        quota = self._quotas.get(key)
        if quota is None:
            if len(self._quotas) >= MAX_KEYS:
                self._quotas.clear()
            quota = self._quotas[key] = Prefetched()
        if quota.until <= monotonic():
            quota.left = 0
        return quota


def _block_size(item: RateLimitItem, quota: Prefetched) -> int:
    """Return how many hits to count: a block if the storage's known count leaves room for one, else 1."""
    is_known = quota.until > monotonic()
    if not is_known or quota.refill_in_progress or quota.count > item.amount // 2:
        return 1
    return min(MAX_BLOCK, max(1, item.amount // BLOCK_FRACTION))
