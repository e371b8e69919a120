"""Calendar file of a booking (RFC 5545), for the holder of its signed link."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from booking.emails import BookingEmails
from booking.model import Status
from booking.self_service import SelfService


@dataclass(frozen=True)
class ExportCalendarFile:
    """Exports a booking as a calendar file."""

    self_service: SelfService
    emails: BookingEmails
    build_ics: Callable[..., bytes]

    def execute(self, booking_id: str, token: str) -> bytes:
        """Return the file; its method is CANCEL for a cancelled booking. Raises BookingNotFound."""
        booking = self.self_service.get(booking_id, token)
        return self.build_ics(
            facts=self.emails.template_context(booking),
            about=booking.id,
            stamp=booking.changed_at or booking.created_at,
            method="CANCEL" if booking.status is Status.CANCELLED else "PUBLISH",
        )
