"""Reminders: a periodic task enqueues one for each booking of tomorrow, from nine o'clock of the day before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from booking.email_queue import BookingEmailQueue
from booking.model import Booking
from booking.store import BookingStore
from booking.unit_of_work import UnitOfWork
from core.mongo.transactions import Session
from schedules.model import Schedule

SEND_AT = time(9)
MAX_BATCH = 100


@dataclass(frozen=True)
class Reminders:
    """Enqueues the reminders that are due."""

    unit_of_work: UnitOfWork
    bookings: BookingStore
    email_queue: BookingEmailQueue
    schedule: Schedule

    def execute(self) -> int:
        """Enqueue every reminder that is due; return their number. Bookings made or moved after nine need none.

        After an outage on the day before, slots that have not begun get their reminder on the day itself.
        """
        zone = ZoneInfo(self.schedule.timezone)
        now = self.unit_of_work.clock()
        today = now.astimezone(zone).date()
        enqueued = 0
        for day in (today, today + timedelta(days=1)):
            since = datetime.combine(day - timedelta(days=1), SEND_AT, zone)
            if day.isoformat() in self.schedule.day_by_date and now >= since:
                enqueued += self._remind_all(day.isoformat(), since)
        return enqueued

    def remind(self, booking_ids: Sequence[str], date: str) -> int:
        """Enqueue reminders of `date` for those of the bookings that still need one; return their number."""

        def work(session: Session) -> int:
            return sum(self._remind(session, booking_id, date) for booking_id in booking_ids)

        enqueued = self.unit_of_work.run(work)
        if enqueued:
            self.unit_of_work.outbox.wake_worker()
        return enqueued

    def _remind_all(self, date: str, since: datetime) -> int:
        enqueued = 0
        while booking_ids := self.bookings.due_reminders(date, since, MAX_BATCH):
            enqueued += self.remind(booking_ids, date)
        return enqueued

    def _remind(self, session: Session, booking_id: str, date: str) -> bool:
        booking = self.bookings.remind(session, booking_id, date)
        if booking is None or not self._is_upcoming(booking):
            return False
        return self.email_queue.enqueue_reminder(session, booking)

    def _is_upcoming(self, booking: Booking) -> bool:
        planned = self.schedule.slot_by_id.get(booking.slot_id)
        return planned is not None and planned.starts_at > self.unit_of_work.clock()
