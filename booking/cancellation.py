"""Cancellation of a booking. Its place goes to the waiting list in the same transaction."""

from __future__ import annotations

from dataclasses import dataclass

from booking.email_queue import BookingEmailQueue
from booking.model import Booking, Status
from booking.promotion import WaitlistPromotion
from booking.store import BookingStore
from booking.unit_of_work import Action, UnitOfWork
from core import log
from core.mongo.transactions import Session
from schedules.store import SlotStore

LOG = log.get_logger("booking")


@dataclass(frozen=True)
class CancelBooking:
    """Cancels bookings."""

    unit_of_work: UnitOfWork
    bookings: BookingStore
    slots: SlotStore
    email_queue: BookingEmailQueue
    promotion: WaitlistPromotion

    def execute(self, booking_id: str, actor: str | None = None, *, notify: bool = True) -> Booking:
        """Cancel a booking and release its place; a second call changes nothing. Raises BookingNotFound.

        `actor` is the label of the admin's key, None for the guest.
        """
        cancelled = self.unit_of_work.run(lambda session: self._cancel(session, booking_id, actor, notify=notify))
        if cancelled is None:
            return self.bookings.get(booking_id)
        self.unit_of_work.publish(cancelled.slot_id)
        LOG.info("booking_cancelled", booking=booking_id)
        return cancelled

    def _cancel(self, session: Session, booking_id: str, actor: str | None, *, notify: bool) -> Booking | None:
        cancelled = self.bookings.cancel(session, booking_id, self.unit_of_work.clock())
        if cancelled is None:
            return None
        # The slot comes next: a booking of it that starts between these two steps makes this transaction fail.
        slot = self.slots.release(session, cancelled.slot_id)
        self.email_queue.cancel_reminder(session, booking_id)
        if notify and not cancelled.is_anonymised:
            self.email_queue.enqueue_cancellation(session, cancelled)
        self.promotion.execute(session, slot)
        if actor:
            action = Action(actor, "booking.cancelled", booking_id)
            before = {"status": Status.CONFIRMED.value}
            after = {"status": Status.CANCELLED.value}
            self.unit_of_work.record(session, action, before, after)
        return cancelled
