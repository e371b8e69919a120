"""Admission of claims by what is known without a read: sold-out stock, contended stock, nearly full stock.

Everything here belongs to one process. A wrong entry costs time, never stock: the guard decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from core.clock import monotonic
from inventory.stock import StockLevel

# Claims are refused from the cache for this long; a release by another process is seen well within a second.
SOLD_OUT_TTL = 0.5
QUARANTINE_SECONDS = 5.0


@dataclass(frozen=True)
class Shortage:
    """A line of a claim that exceeds what is left of its stock."""

    stock_id: str
    requested: int
    remaining: int
    closed: bool = False


def shortage_in(lines: Mapping[str, int], levels: Mapping[str, StockLevel]) -> Shortage | None:
    """Return the first line that exceeds what `levels` say is left, or None."""
    for stock_id, count in lines.items():
        level = levels[stock_id]
        if level.remaining < count:
            return Shortage(stock_id, count, level.remaining, level.closed)
    return None


class Admission:
    """Sold-out cache, quarantine of contended stock, and the set of nearly full stock."""

    def __init__(self) -> None:
        self._sold_out: dict[str, tuple[int, float]] = {}
        self._contended_until: dict[str, float] = {}
        self._last_attempt: dict[frozenset[str], float] = {}
        self._nearly_full: set[str] = set()

    def cached_shortage(self, lines: Mapping[str, int]) -> Shortage | None:
        """Return the first line that a recent majority read refused, or None."""
        for stock_id, count in lines.items():
            remaining, until = self._sold_out.get(stock_id, (0, 0.0))
            if until > monotonic() and count > remaining:
                return Shortage(stock_id, count, remaining)
        return None

    def record_shortage(self, shortage: Shortage, seen_at: float) -> None:
        """Cache a shortage read at `seen_at` (monotonic seconds); closed stock is not cached."""
        if not shortage.closed:
            self._sold_out[shortage.stock_id] = (shortage.remaining, seen_at + SOLD_OUT_TTL)

    def invalidate_unclaimed(self, lines: Mapping[str, int]) -> None:
        """Forget that stock is sold out of which a committed request released some, or changed the capacity."""
        for stock_id, count in lines.items():
            if count <= 0:
                self._sold_out.pop(stock_id, None)

    def quarantine(self, stock_ids: Iterable[str]) -> None:
        """Isolate claims of stock that another transaction locks."""
        until = monotonic() + QUARANTINE_SECONDS
        self._contended_until |= dict.fromkeys(stock_ids, until)

    def end_quarantine(self, stock_ids: Iterable[str]) -> None:
        """Let claims of the stock share transactions again."""
        for stock_id in stock_ids:
            self._contended_until.pop(stock_id, None)

    def is_contended(self, stock_ids: Iterable[str]) -> bool:
        """Return whether any of the stock is in quarantine."""
        if not self._contended_until:
            return False
        return any(self._contended_until.get(stock_id, 0.0) > monotonic() for stock_id in stock_ids)

    def last_attempt(self, stock_ids: frozenset[str]) -> float:
        """Return when claims of this stock were last tried in isolation, in monotonic seconds."""
        return self._last_attempt.get(stock_ids, 0.0)

    def record_attempt(self, stock_ids: frozenset[str]) -> None:
        """Note that claims of this stock are tried in isolation now."""
        self._last_attempt[stock_ids] = monotonic()

    def update_nearly_full(self, levels: Mapping[str, StockLevel], wanted: Mapping[str, int]) -> None:
        """Note which stock has no more left than a batch wants."""
        for stock_id, count in wanted.items():
            if levels[stock_id].remaining <= count:
                self._nearly_full.add(stock_id)
            else:
                self._nearly_full.discard(stock_id)

    def is_nearly_full(self, stock_ids: Iterable[str]) -> bool:
        """Return whether a batch wanted all that was left of any of the stock when it was last read."""
        return not self._nearly_full.isdisjoint(stock_ids)
