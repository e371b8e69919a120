"""Periodic task that keeps the search segments complete: migrates, appends, repairs and rebuilds."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import timedelta

from booking.search.migration import SearchMigration
from booking.search.segments import SegmentStore
from core import log
from core.clock import Clock
from core.ids import id_lower_bound

LOG = log.get_logger("booking.search")
# A booking's id is made before its transaction, which ends within ten seconds; clocks may differ by the rest.
COMMIT_DELAY = timedelta(seconds=60)
# Shorter than the scheduler's lease.
BUDGET_SECONDS = 8.0
NEWEST_CHECKED = 4


@dataclass
class MaintainSearch:
    """Keeps the search segments complete. Idempotent and resumable."""

    segments: SegmentStore
    migration: SearchMigration
    clock: Clock
    budget: float = BUDGET_SECONDS
    _checked: int = field(default=0, init=False)

    def execute(self) -> None:
        """Do what is due, for a few seconds; the next run continues."""
        end = time.monotonic() + self.budget
        self.segments.rebuild_dirty(end)
        self.migration.run_until(end)
        appended = self._append_until(end)
        if appended:
            LOG.info("bookings_indexed_for_search", bookings=appended, segments=self.segments.count())
        self._check(end)

    def _append_until(self, end: float) -> int:
        appended = 0
        before = id_lower_bound(self.clock() - COMMIT_DELAY)
        while time.monotonic() < end:
            size = self.segments.append(before)
            if not size:
                break
            appended += size
        return appended

    def _check(self, end: float) -> None:
        """Check the newest segments, and another one each time; rebuild the incomplete ones."""
        count = self.segments.count()
        if not count:
            return
        self._checked = (self._checked + 1) % count
        self.segments.mark_incomplete(NEWEST_CHECKED, self._checked)
        self.segments.rebuild_dirty(end)
