"""Expiry of holds: by the deadline where their stock is claimed, and by the scheduler."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from core import log
from core.clock import Clock
from core.errors import Unavailable
from inventory.group_commit import GroupCommit
from orders.holds.ending import ending_of
from orders.holds.model import Hold, HoldState
from orders.holds.store import HoldStore

LOG = log.get_logger("orders.holds")
# So many holds end in one request; the group commit joins the requests of several threads.
BATCH = 50
# The process without the scheduler's lease ends what the one with it has left over for so long.
OVERDUE = timedelta(seconds=0.4)
# A hold made after a lookup lasts longer than this.
LOOKUP_TTL = timedelta(seconds=60)


@dataclass
class ExpiryHorizon:
    """By stock id, the time before which nothing that holds it expires: a crowd at sold-out stock costs no reads."""

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


@dataclass(frozen=True)
class ExpireHolds:
    """Ends expired holds."""

    group_commit: GroupCommit
    holds: HoldStore
    clock: Clock
    horizon: ExpiryHorizon = field(default_factory=ExpiryHorizon)

    def execute(self) -> int:
        """End all holds whose time has passed; return their number."""
        return self._end_until(self.clock())

    def execute_overdue(self) -> int:
        """End the holds that the process with the scheduler's lease should have ended."""
        return self._end_until(self.clock() - OVERDUE)

    def end_expired_of(self, stock_ids: Iterable[str]) -> bool:
        """End the expired holds of the stock; return whether there was any, also if another process ended it."""
        now = self.clock()
        due = self.horizon.due(stock_ids, now)
        if not due:
            return False
        found = self.holds.expired_of(due, now, BATCH)
        self._end(found)
        self.horizon.note(due, now, self.holds.next_expiry)
        return bool(found)

    def _end_until(self, deadline: datetime) -> int:
        count = 0
        while found := self.holds.expired(deadline, BATCH):
            ended = self._end(found)
            count += len(ended)
            if len(ended) < len(found):
                break
        return count

    def _end(self, found: Sequence[Hold]) -> Sequence[Hold]:
        if not found:
            return []
        ended = self._submit(found)
        if ended:
            LOG.info("holds_expired", count=len(ended))
        return ended

    def _submit(self, found: Sequence[Hold]) -> Sequence[Hold]:
        try:
            return self.group_commit.submit(ending_of(found, HoldState.EXPIRED))
        except Unavailable:
            if len(found) == 1:
                raise
        ended: list[Hold] = []
        for hold in found:
            try:
                ended += self.group_commit.submit(ending_of([hold], HoldState.EXPIRED))
            except Unavailable:
                # The others must not wait for it.
                LOG.warning("hold_end_failed", hold=hold.id)
        return ended
