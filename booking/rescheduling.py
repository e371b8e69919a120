"""Rescheduling of a booking: one transaction swaps its place for one in another slot."""

from __future__ import annotations

from dataclasses import dataclass, replace

from booking.email_queue import BookingEmailQueue
from booking.errors import BookingAnonymised, BookingCancelled, BookingNotFound, RescheduleLimitReached, SlotFull
from booking.model import Booking, Status
from booking.promotion import WaitlistPromotion
from booking.store import BookingStore
from booking.unit_of_work import UnitOfWork
from core import log
from core.mongo.transactions import Session
from schedules.errors import SlotClosed
from schedules.model import PlannedSlot, Slot
from schedules.service import Schedules

LOG = log.get_logger("booking")
# Each one sends an e-mail to an address that was never verified.
MAX_RESCHEDULES = 20


@dataclass(frozen=True)
class RescheduleBooking:
    """Reschedules bookings."""

    unit_of_work: UnitOfWork
    bookings: BookingStore
    schedules: Schedules
    email_queue: BookingEmailQueue
    promotion: WaitlistPromotion

    def execute(self, booking_id: str, slot_id: str) -> Booking:
        """Move a booking to another slot; nothing changes if it is in that slot already.

        Raises BookingNotFound, BookingAnonymised, BookingCancelled, RescheduleLimitReached, SlotNotFound, SlotClosed,
        SlotFull or DuplicateBooking.
        """
        planned = self.schedules.get_plan(slot_id)
        self.schedules.require_open(planned)
        self._check_majority_committed(booking_id, slot_id)
        before, after = self.unit_of_work.run(lambda session: self._reschedule(session, booking_id, planned))
        if before.slot_id != after.slot_id:
            self.unit_of_work.publish(before.slot_id)
            LOG.info("booking_rescheduled", booking=booking_id)
        return after

    def _check_majority_committed(self, booking_id: str, slot_id: str) -> None:
        """Refuse by majority-committed reads what no transaction needs to try."""
        booking = self.bookings.get_many_committed([booking_id]).get(booking_id)
        if booking is None:
            raise BookingNotFound
        if booking.slot_id != slot_id:
            _require_reschedulable(booking)
            _require_free_place(self.schedules.get_states([slot_id])[slot_id])

    def _reschedule(self, session: Session, booking_id: str, planned: PlannedSlot) -> tuple[Booking, Booking]:
        before = self.bookings.get_in(session, booking_id)
        if before.slot_id == planned.id and before.status is Status.CONFIRMED:
            return before, before
        _require_reschedulable(before)
        self._swap_places(session, before.slot_id, planned.id)
        target = replace(before, date=planned.date, slot_id=planned.id, slot_label=planned.label)
        after = self.bookings.reschedule(session, before, target, self.unit_of_work.clock())
        if after is None:
            raise BookingCancelled
        self.email_queue.cancel_reminder(session, booking_id)
        self.email_queue.enqueue_rescheduled(session, before, after)
        self.promotion.execute(session, self.schedules.store.get(session, before.slot_id))
        return before, after

    def _swap_places(self, session: Session, released_id: str, claimed_id: str) -> None:
        released = self.schedules.schedule.slot_by_id.get(released_id)
        if released:
            self.schedules.require_open(released)
        if not self.schedules.store.swap(session, released_id, claimed_id):
            _require_free_place(self.schedules.get_states([claimed_id])[claimed_id])
            raise SlotFull


def _require_reschedulable(booking: Booking) -> None:
    if booking.status is Status.CANCELLED:
        raise BookingCancelled
    if booking.is_anonymised:
        raise BookingAnonymised
    if booking.sequence >= MAX_RESCHEDULES:
        raise RescheduleLimitReached


def _require_free_place(slot: Slot) -> None:
    if slot.closed:
        raise SlotClosed
    if slot.is_full:
        raise SlotFull
