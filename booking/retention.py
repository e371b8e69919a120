"""Retention: personal data is deleted a number of days after the slot's date."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from booking.deletion import DeletePersonalData
from booking.model import ErasureResult
from booking.store import BookingStore
from schedules.service import Schedules
from waitlist.service import Waitlist

MAX_BATCH = 500


@dataclass(frozen=True)
class ApplyRetention:
    """Applies the retention period. Idempotent and resumable."""

    deletion: DeletePersonalData
    bookings: BookingStore
    waitlist: Waitlist
    schedules: Schedules

    def execute(self, days: int) -> ErasureResult:
        """Delete personal data of all bookings and entries whose slot was more than `days` days ago."""
        today = self.schedules.clock().astimezone(ZoneInfo(self.schedules.schedule.timezone)).date()
        limit = (today - timedelta(days=days)).isoformat()
        entry_ids = self.waitlist.leaving.execute_all(self.waitlist.entries.before_date(limit))
        result = self.deletion.execute([], entry_ids)
        expired = self.bookings.before_date(limit)
        while booking_ids := list(islice(expired, MAX_BATCH)):
            result += self.deletion.execute(booking_ids)
        return self.deletion.record("people.retained", result)
