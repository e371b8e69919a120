"""Cancellation of a booking through the group commit; its places go to the waiting list in the same transaction."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from audit.service import Audit
from booking.booking_change import BookingChange, Request
from booking.model import Booking, Status
from booking.store import BookingStore
from core import log
from core.concurrency.batcher import PendingRequest
from core.mongo.transactions import Session
from inventory.group_commit import GroupCommit
from inventory.requests import StockChange

LOG = log.get_logger("booking")


@dataclass(frozen=True)
class Cancellation(BookingChange):
    """Cancels a booking; `actor` is the label of the admin's key, None for the guest."""

    actor: str | None = None
    notify: bool = True

    def apply(self, booking: Booking, now: datetime) -> Booking:
        """Return the cancelled booking."""
        return replace(booking, status=Status.CANCELLED, sequence=booking.sequence + 1, changed_at=now)

    def expect(self, request: Request, booking: Booking) -> None:
        """Let `request` release the slot in which `booking` is."""
        request.lines = {booking.slot_id: -booking.seats}
        request.identities = booking.identities

    def refresh(self, pending: PendingRequest[Request, Booking], booking: Booking) -> None:
        """Answer the cancellation of a cancelled booking."""
        if booking.status is Status.CANCELLED:
            pending.resolve(booking)
        else:
            self.expect(pending.request, booking)

    def record(self, session: Session, audit: Audit) -> None:
        """Write a cancellation by the back office to the audit."""
        if self.actor:
            before = {"status": Status.CONFIRMED.value}
            after = {"status": Status.CANCELLED.value}
            audit.record(session, self.actor, "booking.cancelled", self.booking_id, before, after)


@dataclass(frozen=True)
class CancelBooking:
    """Cancels bookings."""

    group_commit: GroupCommit
    bookings: BookingStore

    def execute(self, cancellation: Cancellation, known: Booking | None = None) -> Booking:
        """Cancel a booking and release its places; a second call changes nothing. Raises BookingNotFound.

        `known` is the booking as the caller has just read it.
        """
        booking = known or self.bookings.get(cancellation.booking_id)
        if booking.status is Status.CANCELLED:
            booking = self.bookings.get_committed(booking.id)
        if booking.status is Status.CANCELLED:
            return booking
        request: Request = StockChange(cancellation, {})
        cancellation.expect(request, booking)
        cancelled = self.group_commit.submit(request)
        if request.outcome:
            LOG.info("booking_cancelled", booking=booking.id)
        return cancelled
