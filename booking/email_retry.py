"""Retry of a failed e-mail, unless its booking or waiting-list entry has changed since."""

from __future__ import annotations

from dataclasses import dataclass

from booking.store import BookingStore
from booking.unit_of_work import Action, UnitOfWork
from core.mongo.transactions import Session
from notifications.errors import EmailOutdated
from notifications.outbox.model import OutboxEmail
from waitlist.store import WaitlistStore


@dataclass(frozen=True)
class RetryEmail:
    """Retries failed e-mails."""

    unit_of_work: UnitOfWork
    bookings: BookingStore
    entries: WaitlistStore

    def execute(self, email_id: str, actor: str) -> OutboxEmail:
        """Schedule a failed e-mail again. Raises EmailNotFound, EmailNotFailed or EmailOutdated.

        A second call within a minute, or while that e-mail is pending, changes nothing.
        """
        email = self.unit_of_work.run(lambda session: self._retry(session, email_id, actor))
        self.unit_of_work.outbox.wake_worker()
        return email

    def _retry(self, session: Session, email_id: str, actor: str) -> OutboxEmail:
        outbox = self.unit_of_work.outbox
        retried = outbox.recently_retried(session, email_id)
        if retried:
            return retried
        email = outbox.retry(session, email_id)
        self._require_current(session, email)
        action = Action(actor, "letter.retried", email_id)
        self.unit_of_work.record(session, action, {"state": "dead"}, {"state": email.state.value})
        return email

    def _require_current(self, session: Session, email: OutboxEmail) -> None:
        """Raise EmailOutdated if `email` is no longer true; locks its subject until the transaction ends."""
        if email.template == "admin_booking":
            return
        if email.template == "guest_waiting":
            is_current = self.entries.lock_if_waiting(session, email.subject)
        else:
            booking = self.bookings.lock(session, email.subject)
            is_current = booking is not None and str(booking.sequence) == email.context.get("sequence")
        if not is_current:
            raise EmailOutdated
