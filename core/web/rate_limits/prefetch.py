"""Counting against a limit in blocks: a worker reserves a few places of an allowance at once and gives them out itself.

What is given out was counted first, in the same window, so all workers together never exceed the limit. Reserved places
are given back to nobody, so a limit may be met a few requests early: by a block for each worker that an address left.
Small limits, and the second half of every limit, are counted one by one.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

from limits import RateLimitItem
from limits.storage import Storage

from core.clock import monotonic, now

# A block is this part of the limit, and never more than MOST; what is reserved is good for SECONDS.
PART, MOST, SECONDS = 64, 64, 5.0
MAX_KEYS = 20_000


@dataclass
class Prefetched:
    """What is left of a block, and what the storage's count was lately; nothing holds after `until`."""

    left: int = 0
    count: int = 0
    until: float = 0.0
    is_filling: bool = False


class PrefetchingCounter:
    """Counts hits on `storage`, in blocks where there is room."""

    def __init__(self, storage: Storage) -> None:
        """Begin with nothing reserved."""
        self._storage = storage
        self._reserves: dict[str, Prefetched] = {}
        self._lock = threading.Lock()

    def hit(self, item: RateLimitItem, *identifiers: str) -> bool:
        """Count one hit on `item`; return whether it is within the limit. Source: a fixed window, as in `limits`."""
        key = item.key_for(*identifiers)
        with self._lock:
            reserve = self._prefetched(key)
            if reserve.left > 0:
                reserve.left -= 1
                return True
            block = _block_size(item, reserve)
            # One block at a time: who comes meanwhile is counted by itself, or each of a crowd would reserve its own.
            reserve.is_filling = reserve.is_filling or block > 1
        try:
            return self._count(item, key, reserve, block)
        finally:
            if block > 1:
                reserve.is_filling = False

    def _count(self, item: RateLimitItem, key: str, reserve: Prefetched, block: int) -> bool:
        count = self._storage.incr(key, item.get_expiry(), amount=block)
        usable = min(block, item.amount - (count - block))
        # A block is good for its own window alone: in the next one nobody would have counted it.
        ends_in = self._storage.get_expiry(key) - now().timestamp() if usable > 1 else SECONDS
        with self._lock:
            if block > 1:
                reserve.left = max(0, usable - 1)
            if block > 1 or reserve.left == 0:
                reserve.until = monotonic() + min(SECONDS, ends_in)
            reserve.count = count
        return usable > 0

    def _prefetched(self, key: str) -> Prefetched:
        reserve = self._reserves.get(key)
        if reserve is None:
            if len(self._reserves) >= MAX_KEYS:
                self._reserves.clear()
            reserve = self._reserves[key] = Prefetched()
        if reserve.until <= monotonic():
            reserve.left = 0
        return reserve


def _block_size(item: RateLimitItem, reserve: Prefetched) -> int:
    """Return how much to count: a block where the storage's count is known to leave room for it."""
    is_known = reserve.until > monotonic()
    if not is_known or reserve.is_filling or reserve.count > item.amount // 2:
        return 1
    return min(MOST, max(1, item.amount // PART))
