"""Audit log of the back office, each record joined with its slot or booking."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from audit.model import AuditRecord
from audit.service import Audit
from booking.model import Booking
from core.ids import ID_LENGTH
from core.pagination import Cursor, Page
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
    get_bookings: Callable[[Iterable[str]], Mapping[str, Booking]]

    def find(self, about: str, limit: int, after: Cursor | None = None) -> Page[AuditEntryView]:
        """Return a page of the records about a subject, or of all, newest first."""
        records = self.audit.store.find(about, after.id if after else "", limit + 1)
        page = Page.first_of(records, limit, _cursor_of)
        return Page(self._joined(page.items), page.next)

    def _joined(self, records: Sequence[AuditRecord]) -> list[AuditEntryView]:
        slots = self.schedule.slot_by_id
        booking_ids = {_booking_id(record) for record in records if record.subject not in slots}
        bookings = self.get_bookings(booking_ids)
        return [
            AuditEntryView(record, slots.get(record.subject), bookings.get(_booking_id(record))) for record in records
        ]


def _cursor_of(record: AuditRecord) -> Cursor:
    return Cursor(record.id)


def _booking_id(record: AuditRecord) -> str:
    """Return the id of the booking that a record may concern; an e-mail's id begins with its booking's id."""
    return record.subject[:ID_LENGTH]
