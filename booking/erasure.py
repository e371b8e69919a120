"""Erasure of a person by e-mail address (GDPR, article 17)."""

from __future__ import annotations

from dataclasses import dataclass

from booking.cancellation import CancelBooking, Cancellation
from booking.deletion import DeletePersonalData
from booking.model import Booking, ErasureResult, Status
from booking.store import BookingStore
from core.schema_fields import normalize_email
from schedules.service import Schedules
from waitlist.service import Waitlist


@dataclass(frozen=True)
class ErasePerson:
    """Erases a person. Idempotent and resumable."""

    deletion: DeletePersonalData
    bookings: BookingStore
    waitlist: Waitlist
    cancel_booking: CancelBooking
    schedules: Schedules

    def execute(self, email: str) -> ErasureResult:
        """Cancel the person's upcoming bookings, then delete personal data; raises ValueError for no valid address."""
        address = normalize_email(email)
        entry_ids = self.waitlist.leaving.execute_all(self.waitlist.entries.by_email(address))
        bookings = self.bookings.by_email(address)
        for booking in bookings:
            if booking.status is Status.CONFIRMED and self._is_upcoming(booking):
                self.cancel_booking.execute(Cancellation(booking.id, notify=False), booking)
        result = self.deletion.execute([booking.id for booking in bookings], entry_ids, address)
        return self.deletion.record("people.erased", result)

    def _is_upcoming(self, booking: Booking) -> bool:
        return self.schedules.schedule.ends_at(booking.date, booking.slot_label) > self.schedules.clock()
