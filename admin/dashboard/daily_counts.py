"""Daily counts of bookings: past days are counted once and cached, recent ones are counted again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from core.clock import Clock

# A booking's id has the time of its request. It is written within seconds, and clocks differ by less.
FREEZE_AFTER = timedelta(minutes=5)
Count = Callable[[datetime, datetime], int]


class IncrementalCounter:
    """Cache of counts by span of time. Bookings are never deleted, so a count of the past stays valid."""

    def __init__(self, count: Count, clock: Clock) -> None:
        """Count with `count`, which gets the first instant and the first one after the span."""
        self._count = count
        self._clock = clock
        self._settled: dict[datetime, tuple[datetime, int]] = {}

    def of(self, spans: list[tuple[datetime, datetime]]) -> list[int]:
        """Return the count of each of `spans`; cached counts of other spans are dropped."""
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
