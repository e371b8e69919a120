"""E-mails of bookings, written to the outbox within the transaction of the change that they report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from booking.deferred_store import DeferredStore
from booking.emails import REMINDER, BookingEmails, guest_confirmation_id
from booking.model import Booking, Status
from booking.store import BookingStore
from core.mongo.transactions import Session
from notifications.outbox.model import OutboxEmail
from notifications.outbox.service import Outbox
from waitlist.emails import WAITING

# A booking before and after a change.
Change = tuple[Booking, Booking]


@dataclass(frozen=True)
class BookingEmailQueue:
    """Makes the e-mails of bookings; each follows the guest's last pending e-mail about the same booking.

    If a booking's confirmation is deferred, its rows come first, in the same transaction.
    """

    outbox: Outbox
    emails: BookingEmails
    deferred: DeferredStore

    def confirmations(self, bookings: Sequence[Booking]) -> list[OutboxEmail]:
        """Return the e-mails that confirm bookings made by promotion."""
        return [email for booking in bookings for email in self.emails.confirmation(booking, promoted=True)]

    def deferred_confirmations(self, bookings: Sequence[Booking]) -> list[OutboxEmail]:
        """Return the e-mails of those `bookings`, as they are before a change, whose confirmation is deferred."""
        deferred = [booking for booking in bookings if booking.confirmation_deferred and not booking.is_anonymised]
        return [email for booking in deferred for email in self.emails.confirmation(booking)]

    def changes(self, session: Session, changes: Sequence[Change]) -> list[OutboxEmail]:
        """Return the e-mails that report cancellations and moves to the guests."""
        blockers = self._blockers(session, [before for before, _ in changes])
        emails = []
        for before, after in changes:
            blocker = blockers.get(after.id)
            if after.status is Status.CANCELLED:
                emails.append(self.emails.cancellation(after, blocker))
            else:
                emails.append(self.emails.rescheduled(before, after, blocker))
        return emails

    def enqueue_resend(self, session: Session, booking: Booking) -> OutboxEmail | None:
        """Repeat the state of a booking to the guest; return None if that was done within the last minute."""
        email = self.emails.resend(booking, self._blockers(session, [booking]).get(booking.id))
        if self.outbox.recently_resent(session, email):
            return None
        self.outbox.enqueue(session, [*self._take_deferred(session, booking), email])
        return email

    def enqueue_reminder(self, session: Session, booking: Booking) -> bool:
        """Remind the guest of the booking's date, once; return whether this is the first reminder of it."""
        confirmation = self._take_deferred(session, booking)
        if confirmation:
            self.outbox.enqueue(session, confirmation)
        return self.outbox.enqueue_once(session, self.emails.reminder(booking))

    def cancel_reminders(self, session: Session, bookings: Sequence[Booking]) -> None:
        """Drop the pending reminders of bookings that no longer are as reminded."""
        reminded = [booking.id for booking in bookings if booking.reminded_of]
        if reminded:
            self.outbox.cancel_pending(session, reminded, REMINDER)

    def cancel_waiting(self, session: Session, entry_ids: Sequence[str]) -> None:
        """Drop pending e-mails about positions on the waiting list."""
        self.outbox.cancel_pending(session, entry_ids, WAITING)

    def _take_deferred(self, session: Session, booking: Booking) -> list[OutboxEmail]:
        if not booking.confirmation_deferred:
            return []
        self.deferred.clear(session, [booking.id])
        return self.emails.confirmation(booking)

    def _blockers(self, session: Session, bookings: Sequence[Booking]) -> dict[str, str]:
        """Return the ids of the guests' last pending e-mails by booking; a deferred confirmation is the only one."""
        blockers = {}
        written = {}
        for booking in bookings:
            if booking.confirmation_deferred:
                blockers[booking.id] = guest_confirmation_id(booking.id)
            else:
                written[booking.id] = booking.email
        if written:
            blockers |= self.outbox.lock_last_pending(session, written)
        return blockers


def is_current(bookings: BookingStore, session: Session, booking_id: str, version: str) -> bool:
    """Return whether a booking still has the version that an e-mail reports; write-locks the booking."""
    booking = bookings.lock(session, booking_id)
    return booking is not None and str(booking.sequence) == version
