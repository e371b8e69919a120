"""Daily counts of bookings: past days are counted once and cached, recent ones are counted again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from core.clock import Clock

# A booking's id tells when its request came, and it is written within seconds; clocks of machines differ by less.
FREEZE_AFTER = timedelta(minutes=5)
Count = Callable[[datetime, datetime], int]


class IncrementalCounter:
    """Counts of spans of time. Bookings are never deleted, so that a count of the past holds for ever."""

    def __init__(self, count: Count, clock: Clock) -> None:
        """Count by asking `count` from a moment until before another."""
        self._count = count
        self._clock = clock
        self._settled: dict[datetime, tuple[datetime, int]] = {}

    def of(self, spans: list[tuple[datetime, datetime]]) -> list[int]:
        """Return how many were made in each of `spans`; what is remembered of other spans is dropped."""
        bound = self._clock() - FREEZE_AFTER
        known = {first: self._known(first, min(end, bound)) for first, end in spans}
        self._settled = known
        return [self._total(*known[first], end) for first, end in spans]

    def _total(self, reached: datetime, number: int, end: datetime) -> int:
        if reached < end:
            return number + self._count(reached, end)
        return number

    def _known(self, first: datetime, until: datetime) -> tuple[datetime, int]:
        reached, number = self._settled.get(first, (first, 0))
        if until > reached:
            return until, number + self._count(reached, until)
        return reached, number
