"""Rescheduling of a booking through the group commit: one transaction claims the new place and releases the old one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from booking.cancellation import require_current
from booking.email_queue import BookingEmailQueue
from booking.errors import (
    BookingAnonymised,
    BookingCancelled,
    BookingNotFound,
    DuplicateBooking,
    RescheduleLimitReached,
    SlotFull,
)
from booking.model import Booking, Status
from booking.store import BookingStore
from core import log
from core.clock import Clock
from core.concurrency.batcher import PendingRequest
from core.errors import Conflict
from core.mongo.transactions import Session
from inventory.group_commit import GroupCommit
from inventory.requests import RowsOfKind, StaleRequest, StockChange, unanswered
from notifications.outbox.model import OutboxEmail
from schedules.errors import SlotClosed
from schedules.model import PlannedSlot
from schedules.service import Schedules

LOG = log.get_logger("booking")
# Each one sends an e-mail to an address that was never verified.
MAX_RESCHEDULES = 20


@dataclass(frozen=True)
class Rescheduling:
    """Moves the booking of a guest to another slot."""

    booking_id: str
    email: str
    slot: PlannedSlot


Request = StockChange[Rescheduling, Booking]
Batch = Sequence[PendingRequest[Request, Booking]]


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
        request: Request = StockChange(Rescheduling(booking_id, booking.email, planned), {})
        _expect(request, booking)
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


@dataclass(frozen=True)
class ReschedulingRows(RowsOfKind[OutboxEmail]):
    """The rows of reschedulings: booking and e-mail."""

    bookings: BookingStore
    email_queue: BookingEmailQueue
    clock: Clock

    def write(self, session: Session, requests: Sequence[Request]) -> list[OutboxEmail]:
        """Move the bookings; return the e-mails to enqueue. Raises StaleRequest if one is not where it was."""
        now = self.clock()
        before = self.bookings.get_many_in(session, [request.detail.booking_id for request in requests])
        require_current(requests, before)
        if any(_refusal(booking) for booking in before.values()):
            raise StaleRequest
        self.email_queue.cancel_reminders(session, list(before.values()))
        changes = []
        for request in requests:
            booking = before[request.detail.booking_id]
            rescheduled = _rescheduled(booking, request.detail.slot, now)
            request.outcome = rescheduled
            changes.append((booking, rescheduled))
        self.bookings.reschedule(session, [after for _, after in changes])
        confirmations = self.email_queue.deferred_confirmations(list(before.values()))
        return confirmations + self.email_queue.rescheduled(session, changes)

    def refresh(self, batch: Batch) -> None:
        """Answer the requests that were carried out, or cannot be; let the others expect the present slot."""
        found = self.bookings.get_many_committed(pending.request.detail.booking_id for pending in batch)
        for pending in batch:
            booking = found.get(pending.request.detail.booking_id)
            if booking is None:
                pending.reject(BookingNotFound())
            elif booking.slot_id == pending.request.detail.slot.id and booking.status is Status.CONFIRMED:
                pending.resolve(booking)
            else:
                _refresh(pending, booking)

    def answer_duplicates(self, batch: Batch) -> None:
        """Answer the requests that were carried out before, and refuse those whose guest is in the slot already."""
        self.refresh(batch)
        left = unanswered(batch)
        if not left:
            return
        active = self.bookings.find_active(_target(pending.request) for pending in left)
        for pending in left:
            if _target(pending.request) in active:
                pending.reject(DuplicateBooking())


def _expect(request: Request, booking: Booking) -> None:
    """Let `request` release the slot in which `booking` is, and claim its target."""
    target = request.detail.slot.id
    request.lines = {target: 1, booking.slot_id: -1}
    request.identities = booking.identities | {(booking.email, target)}


def _refresh(pending: PendingRequest[Request, Booking], booking: Booking) -> None:
    refusal = _refusal(booking)
    if refusal:
        pending.reject(refusal)
    else:
        _expect(pending.request, booking)


def _refusal(booking: Booking) -> Conflict | None:
    if booking.status is Status.CANCELLED:
        return BookingCancelled()
    if booking.is_anonymised:
        return BookingAnonymised()
    if booking.sequence >= MAX_RESCHEDULES:
        return RescheduleLimitReached()
    return None


def _rescheduled(booking: Booking, to: PlannedSlot, now: datetime) -> Booking:
    sequence = booking.sequence + 1
    return replace(booking, date=to.date, slot_id=to.id, slot_label=to.label, sequence=sequence, changed_at=now)


def _target(request: Request) -> tuple[str, str]:
    """Return the e-mail and the slot id of the place that is claimed."""
    return request.detail.email, request.detail.slot.id
