"""Rescheduling of a booking: one transaction of the group commit claims the new places and releases the old ones."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from audit.service import Audit
from booking.booking_change import BookingChange, Request
from booking.errors import BookingAnonymised, BookingCancelled, RescheduleLimitReached, SlotFull
from booking.model import Booking, Status
from booking.store import BookingStore
from core import log
from core.concurrency.batcher import PendingRequest
from core.errors import Conflict
from core.mongo.transactions import Session
from inventory.group_commit import GroupCommit
from inventory.requests import StaleRequest, StockChange
from schedules.errors import SlotClosed
from schedules.model import PlannedSlot
from schedules.service import Schedules

LOG = log.get_logger("booking")
# Each one sends an e-mail to an address that was never verified.
MAX_RESCHEDULES = 20


@dataclass(frozen=True)
class Rescheduling(BookingChange):
    """Moves the booking of a guest to another slot."""

    email: str
    slot: PlannedSlot

    @property
    def claim(self) -> tuple[str, str]:
        """The e-mail and the slot id of the place that is claimed."""
        return self.email, self.slot.id

    def apply(self, booking: Booking, now: datetime) -> Booking:
        """Return the booking in its new slot; raises StaleRequest if it may not be moved."""
        if _refusal(booking):
            raise StaleRequest
        return replace(
            booking,
            date=self.slot.date,
            slot_id=self.slot.id,
            slot_label=self.slot.label,
            sequence=booking.sequence + 1,
            changed_at=now,
        )

    def expect(self, request: Request, booking: Booking) -> None:
        """Let `request` release the slot in which `booking` is, and claim its target."""
        request.lines = {self.slot.id: booking.seats, booking.slot_id: -booking.seats}
        request.identities = booking.identities | {(booking.email, self.slot.id)}

    def refresh(self, pending: PendingRequest[Request, Booking], booking: Booking) -> None:
        """Answer the move of a booking that is in its new slot already, or that may not be moved."""
        refusal = _refusal(booking)
        if booking.slot_id == self.slot.id and booking.status is Status.CONFIRMED:
            pending.resolve(booking)
        elif refusal:
            pending.reject(refusal)
        else:
            self.expect(pending.request, booking)

    def record(self, session: Session, audit: Audit) -> None:
        """Write nothing: only guests move bookings."""


@dataclass(frozen=True)
class RescheduleBooking:
    """Reschedules bookings."""

    group_commit: GroupCommit
    bookings: BookingStore
    schedules: Schedules

    def execute(self, booking_id: str, slot_id: str, known: Booking | None = None) -> Booking:
        """Move a booking to another slot; nothing changes if it is in that slot already.

        `known` is the booking as the caller has just read it.
        Raises BookingNotFound, BookingAnonymised, BookingCancelled, RescheduleLimitReached, SlotNotFound, SlotClosed,
        SlotFull or DuplicateBooking.
        """
        planned = self.schedules.get_plan(slot_id)
        self.schedules.require_open(planned)
        booking = known or self.bookings.get(booking_id)
        if booking.slot_id == slot_id or _refusal(booking):
            booking = self.bookings.get_committed(booking_id)
        if booking.slot_id == slot_id and booking.status is Status.CONFIRMED:
            return booking
        refusal = _refusal(booking)
        if refusal:
            raise refusal
        self._require_open(booking.slot_id)
        rescheduling = Rescheduling(booking_id, booking.email, planned)
        request: Request = StockChange(rescheduling, {})
        rescheduling.expect(request, booking)
        try:
            rescheduled = self.group_commit.submit(request)
        except (SlotFull, SlotClosed) as refusal:
            # A repeated request can meet the sold-out cache although the first one took the last place.
            booking = self.bookings.get_committed(booking_id)
            if booking.slot_id != slot_id or booking.status is not Status.CONFIRMED:
                raise refusal from None
            return booking
        if request.outcome:
            LOG.info("booking_rescheduled", booking=booking_id)
        return rescheduled

    def _require_open(self, slot_id: str) -> None:
        planned = self.schedules.schedule.slot_by_id.get(slot_id)
        if planned:
            self.schedules.require_open(planned)


def _refusal(booking: Booking) -> Conflict | None:
    if booking.status is Status.CANCELLED:
        return BookingCancelled()
    if booking.is_anonymised:
        return BookingAnonymised()
    if booking.sequence >= MAX_RESCHEDULES:
        return RescheduleLimitReached()
    return None
