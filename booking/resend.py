"""Resend of a booking's e-mail: the guest gets its current state again."""

from __future__ import annotations

from dataclasses import dataclass

from booking.email_queue import BookingEmailQueue
from booking.errors import BookingAnonymised, BookingNotFound
from booking.model import Booking
from booking.store import BookingStore
from booking.unit_of_work import Action, UnitOfWork
from core.mongo.transactions import Session


@dataclass(frozen=True)
class ResendEmail:
    """Repeats the confirmation of a booking, or its cancellation."""

    unit_of_work: UnitOfWork
    bookings: BookingStore
    email_queue: BookingEmailQueue

    def execute(self, booking_id: str, actor: str) -> Booking:
        """Enqueue the e-mail. Raises BookingNotFound or BookingAnonymised.

        A second call within a minute, or while that e-mail is pending, changes nothing: one answer may have been lost.
        """
        booking = self.unit_of_work.run(lambda session: self._resend(session, booking_id, actor))
        self.unit_of_work.outbox.wake_worker()
        return booking

    def _resend(self, session: Session, booking_id: str, actor: str) -> Booking:
        booking = self.bookings.lock(session, booking_id)
        if booking is None:
            raise BookingNotFound
        if booking.is_anonymised:
            raise BookingAnonymised
        email = self.email_queue.enqueue_resend(session, booking)
        if email:
            action = Action(actor, "booking.letter_resent", booking_id)
            self.unit_of_work.record(session, action, {}, {"template": email.template})
        return booking
