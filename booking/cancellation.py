"""Cancellation of a booking through the group commit; its place goes to the waiting list in the same transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from audit.service import Audit
from booking.email_queue import BookingEmailQueue
from booking.errors import BookingNotFound
from booking.model import Booking, Status
from booking.store import BookingStore
from core import log
from core.clock import Clock
from core.concurrency.batcher import PendingRequest
from core.mongo.transactions import Session
from inventory.group_commit import GroupCommit
from inventory.requests import RowsOfKind, StaleRequest, StockChange
from notifications.outbox.model import OutboxEmail

LOG = log.get_logger("booking")


@dataclass(frozen=True)
class Cancellation:
    """Cancels a booking; `actor` is the label of the admin's key, None for the guest."""

    booking_id: str
    actor: str | None = None
    notify: bool = True


Request = StockChange[Cancellation, Booking]
Batch = Sequence[PendingRequest[Request, Booking]]


@dataclass(frozen=True)
class CancelBooking:
    """Cancels bookings."""

    group_commit: GroupCommit
    bookings: BookingStore

    def execute(self, cancellation: Cancellation, known: Booking | None = None) -> Booking:
        """Cancel a booking and release its place; a second call changes nothing. Raises BookingNotFound.

        `known` is the booking as the caller has just read it.
        """
        booking = known or self.bookings.get(cancellation.booking_id)
        if booking.status is Status.CANCELLED:
            booking = self.bookings.get_committed(booking.id)
        if booking.status is Status.CANCELLED:
            return booking
        request: Request = StockChange(cancellation, {booking.slot_id: -1}, booking.identities)
        cancelled = self.group_commit.submit(request)
        if request.outcome:
            LOG.info("booking_cancelled", booking=booking.id)
        return cancelled


@dataclass(frozen=True)
class CancellationRows(RowsOfKind[OutboxEmail]):
    """The rows of cancellations: booking, e-mails, audit."""

    bookings: BookingStore
    email_queue: BookingEmailQueue
    audit: Audit
    clock: Clock

    def write(self, session: Session, requests: Sequence[Request]) -> list[OutboxEmail]:
        """Cancel the bookings; return the e-mails to enqueue. Raises StaleRequest if one is not where it was."""
        now = self.clock()
        before = self.bookings.get_many_in(session, [request.detail.booking_id for request in requests])
        require_current(requests, before)
        self.bookings.cancel(session, list(before), now)
        self.email_queue.cancel_reminders(session, list(before.values()))
        changes = []
        for request in requests:
            booking = before[request.detail.booking_id]
            cancelled = replace(booking, status=Status.CANCELLED, sequence=booking.sequence + 1, changed_at=now)
            request.outcome = cancelled
            if request.detail.notify and not cancelled.is_anonymised:
                changes.append((booking, cancelled))
            self._record(session, request.detail)
        confirmations = self.email_queue.deferred_confirmations(list(before.values()))
        return confirmations + self.email_queue.cancellations(session, changes)

    def refresh(self, batch: Batch) -> None:
        """Answer the cancellations of bookings that are cancelled; let the others expect the present slot."""
        found = self.bookings.get_many_committed(pending.request.detail.booking_id for pending in batch)
        for pending in batch:
            booking = found.get(pending.request.detail.booking_id)
            if booking is None:
                pending.reject(BookingNotFound())
            elif booking.status is Status.CANCELLED:
                pending.resolve(booking)
            else:
                pending.request.lines = {booking.slot_id: -1}
                pending.request.identities = booking.identities

    answer_duplicates = refresh

    def _record(self, session: Session, cancellation: Cancellation) -> None:
        if cancellation.actor:
            before = {"status": Status.CONFIRMED.value}
            after = {"status": Status.CANCELLED.value}
            subject = cancellation.booking_id
            self.audit.record(session, cancellation.actor, "booking.cancelled", subject, before, after)


def require_current(requests: Sequence[StockChange[Any, Booking]], found: dict[str, Booking]) -> None:
    """Raise StaleRequest unless each booking is confirmed and in the slot whose place its request releases."""
    for request in requests:
        booking = found.get(request.detail.booking_id)
        if booking is None or booking.status is Status.CANCELLED or request.lines.get(booking.slot_id) != -1:
            raise StaleRequest
