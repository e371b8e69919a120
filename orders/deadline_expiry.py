"""Expiry of holds and orders by their deadline: before a claim of their stock, and by the scheduler.

The scheduler reads the earliest deadline once a second. Without anything to expire, that is its only read.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Generic, Protocol, TypeVar

from core.clock import Clock
from inventory.group_commit import GroupCommit

T = TypeVar("T")

# The interval of the scheduler's tasks, in seconds.
EXPIRY_INTERVAL = 0.3
# The number of rows that are read at once.
BATCH_SIZE = 50
# A process without the scheduler's lease ends rows that are overdue by this.
OVERDUE = timedelta(seconds=0.4)
# A lookup of a stock's next expiry is cached this long; each hold lasts longer.
LOOKUP_TTL = timedelta(seconds=60)
# A lookup of the earliest deadline is cached this long; each hold and order lasts longer.
DEADLINE_TTL = timedelta(seconds=1)
NEVER = datetime.max.replace(tzinfo=UTC)
LONG_AGO = datetime.min.replace(tzinfo=UTC)


class ExpiringStore(Protocol[T]):
    """Rows that hold stock until a deadline."""

    def expired(self, now: datetime, limit: int) -> list[T]:
        """Return up to `limit` rows whose deadline has passed, the oldest first."""

    def expired_of(self, stock_ids: Iterable[str], now: datetime, limit: int) -> list[T]:
        """Return up to `limit` rows of the stock whose deadline has passed."""

    def next_expiry(self, stock_id: str) -> datetime | None:
        """Return the first deadline of a stock, or None without any."""

    def first_deadline(self) -> datetime | None:
        """Return the first deadline of all, or None without any."""


@dataclass
class ExpiryHorizon:
    """Cache of the next expiry by stock id: repeated claims of sold-out stock cost no reads."""

    _none_before: dict[str, datetime] = field(default_factory=dict)

    def due(self, stock_ids: Iterable[str], now: datetime) -> list[str]:
        """Return the stock of which something may have expired."""
        return [stock_id for stock_id in stock_ids if self._none_before.get(stock_id, now) <= now]

    def note(self, stock_ids: Iterable[str], now: datetime, next_expiry: Callable[[str], datetime | None]) -> None:
        """Remember the next expiry of each stock."""
        horizon = now + LOOKUP_TTL
        for stock_id in stock_ids:
            following = next_expiry(stock_id)
            self._none_before[stock_id] = min(following, horizon) if following else horizon


@dataclass
class EarliestDeadline:
    """Cache of the earliest deadline of all rows."""

    _deadline: datetime = NEVER
    _valid_until: datetime = LONG_AGO

    def has_passed(self, now: datetime, read: Callable[[], datetime | None]) -> bool:
        """Return whether something may have expired; a passed deadline is read again the next time."""
        if now >= self._valid_until:
            self._deadline = read() or NEVER
            self._valid_until = now + DEADLINE_TTL
        has_passed = self._deadline <= now
        if has_passed:
            self._valid_until = now
        return has_passed


@dataclass(frozen=True)
class ExpireRows(ABC, Generic[T]):
    """Ends the rows of a store whose deadline has passed."""

    group_commit: GroupCommit
    store: ExpiringStore[T]
    clock: Clock
    horizon: ExpiryHorizon = field(default_factory=ExpiryHorizon)
    earliest: EarliestDeadline = field(default_factory=EarliestDeadline)

    def execute(self) -> int:
        """End all rows whose deadline has passed; return their number."""
        return self._end_until(self.clock())

    def execute_due(self) -> int:
        """Do the same, unless the cached earliest deadline is ahead."""
        return self._end_if_due(self.clock())

    def execute_overdue(self) -> int:
        """End the rows that the process with the scheduler's lease should have ended."""
        return self._end_if_due(self.clock() - OVERDUE)

    def end_expired_of(self, stock_ids: Iterable[str]) -> bool:
        """End the expired rows of the stock; return whether there was any, also if another process ended it."""
        now = self.clock()
        due = self.horizon.due(stock_ids, now)
        if not due:
            return False
        found = self.store.expired_of(due, now, BATCH_SIZE)
        self._end(found)
        self.horizon.note(due, now, self.store.next_expiry)
        return bool(found)

    def _end_if_due(self, deadline: datetime) -> int:
        if self.earliest.has_passed(self.clock(), self.store.first_deadline):
            return self._end_until(deadline)
        return 0

    def _end_until(self, deadline: datetime) -> int:
        count = 0
        while found := self.store.expired(deadline, BATCH_SIZE):
            ended = self._end(found)
            count += ended
            if ended < len(found):  # The next round tries those that fail again.
                break
        return count

    @abstractmethod
    def _end(self, found: Sequence[T]) -> int:
        """End rows; return how many this process has ended. One that fails does not stop the others."""
