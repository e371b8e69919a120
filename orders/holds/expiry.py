"""Expiry of holds through the ticket group commit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core import log
from core.errors import Unavailable
from orders.deadline_expiry import ExpireRows
from orders.holds.ending import ending_of
from orders.holds.model import Hold, HoldState

LOG = log.get_logger("orders.holds")


@dataclass(frozen=True)
class ExpireHolds(ExpireRows[Hold]):
    """Ends expired holds."""

    def _end(self, found: Sequence[Hold]) -> int:
        if not found:
            return 0
        ended = self._submit(found)
        if ended:
            LOG.info("holds_expired", count=ended)
        return ended

    def _submit(self, found: Sequence[Hold]) -> int:
        try:
            return len(self.group_commit.submit(ending_of(found, HoldState.EXPIRED)))
        except Unavailable:
            if len(found) == 1:
                raise
        ended = 0
        for hold in found:
            try:
                ended += len(self.group_commit.submit(ending_of([hold], HoldState.EXPIRED)))
            except Unavailable:
                # The others must not wait for it.
                LOG.warning("hold_end_failed", hold=hold.id)
        return ended
