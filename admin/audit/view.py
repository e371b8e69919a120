"""Audit log of the back office, each record joined with its slot or booking."""

from __future__ import annotations

from dataclasses import dataclass

from audit.model import AuditRecord
from audit.service import Audit
from booking.listing import SearchBookings
from booking.model import Booking
from core.ids import ID_LENGTH
from schedules.model import PlannedSlot, Schedule


@dataclass(frozen=True)
class AuditEntryView:
    """An audit record with its slot or booking; None if not applicable or deleted."""

    entry: AuditRecord
    slot: PlannedSlot | None
    booking: Booking | None


@dataclass(frozen=True)
class AuditHistory:
    """Query of the audit log."""

    audit: Audit
    schedule: Schedule
    search: SearchBookings

    def find(self, about: str, after: str | None, limit: int) -> list[AuditEntryView]:
        """Return up to `limit` records, newest first."""
        records = self.audit.store.find(about, after, limit)
        slots = self.schedule.slot_by_id
        booking_ids = {_booking_id(record) for record in records if record.subject not in slots}
        bookings = self.search.bookings.get_many_committed(booking_ids)
        return [
            AuditEntryView(record, slots.get(record.subject), bookings.get(_booking_id(record))) for record in records
        ]


def _booking_id(record: AuditRecord) -> str:
    """Return the id of the booking that a record may concern; an e-mail's id begins with its booking's id."""
    return record.subject[:ID_LENGTH]
