"""Counting against a limit in blocks: a worker reserves a few places of an allowance at once and gives them out itself.

What is given out was counted first, so all workers together never exceed the limit; reserved places are given back to
nobody, so a limit may be met a few requests early, and only by an address whose requests change workers. Small limits,
and the second half of every limit, are counted one by one.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

from limits import RateLimitItem
from limits.storage import Storage

from core.clock import monotonic

# A block is this part of the limit, and never more than MOST; what is reserved is good for SECONDS.
PART, MOST, SECONDS = 64, 64, 5.0
MOST_REMEMBERED = 20_000


@dataclass
class _Reserve:
    """What is left of a block, and what the storage's count was when it was taken."""

    left: int
    count: int
    until: float


class Allowances:
    """Counts hits on `storage`, in blocks where there is room."""

    def __init__(self, storage: Storage) -> None:
        """Begin with nothing reserved."""
        self._storage = storage
        self._reserves: dict[str, _Reserve] = {}
        self._lock = threading.Lock()

    def hit(self, item: RateLimitItem, *identifiers: str) -> bool:
        """Count one hit on `item`; return whether it is within the limit. Source: a fixed window, as in `limits`."""
        key = item.key_for(*identifiers)
        block = self._from_reserve(key, item)
        if not block:
            return True
        count = self._storage.incr(key, item.get_expiry(), amount=block)
        usable = min(block, item.amount - (count - block))
        with self._lock:
            if len(self._reserves) >= MOST_REMEMBERED:
                self._reserves.clear()
            self._reserves[key] = _Reserve(max(0, usable - 1), count, monotonic() + SECONDS)
        return usable > 0

    def _from_reserve(self, key: str, item: RateLimitItem) -> int:
        """Take one of what is reserved and return 0, or return how much to reserve."""
        with self._lock:
            reserve = self._reserves.get(key)
            if reserve is None or reserve.until <= monotonic():
                return 1
            if reserve.left > 0:
                reserve.left -= 1
                return 0
        return min(MOST, max(1, item.amount // PART)) if reserve.count <= item.amount // 2 else 1
