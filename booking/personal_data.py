"""Personal data export (GDPR, article 15): a booking with its e-mails and waiting-list entries."""

from __future__ import annotations

from dataclasses import dataclass

from booking.model import PersonalData
from booking.self_service import SelfService
from notifications.outbox.service import Outbox
from waitlist.store import WaitlistStore


@dataclass(frozen=True)
class ExportPersonalData:
    """Exports personal data."""

    self_service: SelfService
    outbox: Outbox
    entries: WaitlistStore

    def execute(self, booking_id: str, token: str) -> PersonalData:
        """Return the data; raises BookingNotFound."""
        booking = self.self_service.get(booking_id, token)
        emails = [email for email in self.outbox.by_subject(booking_id) if email.to == booking.email]
        entries = [entry for entry in self.entries.by_email(booking.email) if entry.booking_id == booking_id]
        return PersonalData(booking, emails, entries)
