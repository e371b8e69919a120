"""Who is to be reminded: everybody who has booked for tomorrow, from nine in the morning of the day before, once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from booking.changes import Changes
from booking.store import BookingStore
from core.clock import Clock
from schedules.model import Schedule

SEND_AT = time(9)
MAX_BATCH = 100


@dataclass(frozen=True)
class Reminders:
    """The errand of reminding, for the process that sends letters."""

    store: BookingStore
    changes: Changes
    schedule: Schedule
    clock: Clock

    def enqueue_due(self) -> int:
        """Promise every reminder that is due; return how many. Whoever booked or moved after the hour needs none.

        A service that was down the day before still reminds on the day itself, of slots that have not begun.
        """
        zone = ZoneInfo(self.schedule.timezone)
        now = self.clock()
        today = now.astimezone(zone).date()
        promised = 0
        for day in (today, today + timedelta(days=1)):
            since = datetime.combine(day - timedelta(days=1), SEND_AT, zone)
            if day.isoformat() in self.schedule.day_by_date and now >= since:
                promised += self._remind(day.isoformat(), since)
        return promised

    def _remind(self, date: str, since: datetime) -> int:
        promised = 0
        while ids := self.store.due_reminders(date, since, MAX_BATCH):
            promised += self.changes.remind(ids, date)
        return promised
