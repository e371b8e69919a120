"""What the back office did, with what each entry is about in words that people know it by."""

from __future__ import annotations

from dataclasses import dataclass

from audit.model import AuditRecord
from audit.service import Audit
from booking.model import Booking
from booking.service import Bookings
from core.ids import ID_LENGTH
from schedules.model import PlannedSlot
from schedules.service import Schedules


@dataclass(frozen=True)
class AuditEntryView:
    """An entry of the audit with its slot or its booking; None where it is about neither, or there is none any more."""

    entry: AuditRecord
    slot: PlannedSlot | None
    booking: Booking | None


@dataclass(frozen=True)
class AuditHistory:
    """The audit over the rooms it is about."""

    audit: Audit
    schedules: Schedules
    bookings: Bookings

    def find(self, about: str, after: str | None, most: int) -> list[AuditEntryView]:
        """Return up to `most` entries, newest first."""
        entries = self.audit.find(about, after, most)
        slots = self.schedules.schedule.slot_by_id
        known = self.bookings.get_many({_booking_id(entry) for entry in entries if entry.subject not in slots})
        return [AuditEntryView(entry, slots.get(entry.subject), known.get(_booking_id(entry))) for entry in entries]


def _booking_id(entry: AuditRecord) -> str:
    """Return the id of the booking that an entry may be about: a letter's id begins with its booking's."""
    return entry.subject[:ID_LENGTH]
