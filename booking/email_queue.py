"""E-mails of bookings, written to the outbox within the transaction of the change that they report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from booking.emails import REMINDER, BookingEmails
from booking.model import Booking
from booking.store import BookingStore
from core.mongo.transactions import Session
from notifications.outbox.model import OutboxEmail
from notifications.outbox.service import Outbox
from waitlist.emails import WAITING


@dataclass(frozen=True)
class BookingEmailQueue:
    """Enqueues the e-mails of bookings; each follows the guest's last pending e-mail about the same booking."""

    outbox: Outbox
    emails: BookingEmails

    def enqueue_confirmations(self, session: Session, bookings: Sequence[Booking]) -> None:
        """Confirm bookings that promotion made."""
        emails = [email for booking in bookings for email in self.emails.confirmation(booking, promoted=True)]
        self.outbox.enqueue(session, emails)

    def enqueue_cancellation(self, session: Session, booking: Booking) -> None:
        """Report a cancellation to the guest."""
        self.outbox.enqueue(session, [self.emails.cancellation(booking, self._blocked_by(session, booking))])

    def enqueue_rescheduled(self, session: Session, before: Booking, after: Booking) -> None:
        """Report another slot to the guest."""
        self.outbox.enqueue(session, [self.emails.rescheduled(before, after, self._blocked_by(session, after))])

    def enqueue_resend(self, session: Session, booking: Booking) -> OutboxEmail | None:
        """Repeat the state of a booking to the guest; return None if that was done within the last minute."""
        email = self.emails.resend(booking, self._blocked_by(session, booking))
        if self.outbox.recently_resent(session, email):
            return None
        self.outbox.enqueue(session, [email])
        return email

    def enqueue_reminder(self, session: Session, booking: Booking) -> bool:
        """Remind the guest of the booking's date, once; return whether this is the first reminder of it."""
        return self.outbox.enqueue_once(session, self.emails.reminder(booking))

    def cancel_reminder(self, session: Session, booking_id: str) -> None:
        """Drop a pending reminder."""
        self.outbox.cancel_pending(session, booking_id, REMINDER)

    def cancel_waiting(self, session: Session, entry_id: str) -> None:
        """Drop a pending e-mail about a position on the waiting list."""
        self.outbox.cancel_pending(session, entry_id, WAITING)

    def _blocked_by(self, session: Session, booking: Booking) -> str | None:
        return self.outbox.lock_last_pending(session, booking.id, booking.email)


def is_current(bookings: BookingStore, session: Session, booking_id: str, version: str) -> bool:
    """Return whether a booking still has the version that an e-mail reports; write-locks the booking."""
    booking = bookings.lock(session, booking_id)
    return booking is not None and str(booking.sequence) == version
