"""Changes of bookings: the rows of cancellations and reschedulings of a batch are read and written together."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from audit.service import Audit
from booking.email_queue import BookingEmailQueue
from booking.errors import BookingNotFound, DuplicateBooking
from booking.model import Booking, Status
from booking.store import BookingStore
from core.clock import Clock
from core.concurrency.batcher import PendingRequest
from core.mongo.transactions import Session
from inventory.requests import RowsOfKind, StaleRequest, StockChange, unanswered
from notifications.outbox.model import OutboxEmail


@dataclass(frozen=True)
class BookingChange(ABC):
    """What is to change in one booking."""

    booking_id: str

    @abstractmethod
    def apply(self, booking: Booking, now: datetime) -> Booking:
        """Return the changed booking; raises StaleRequest if the change is refused or made already."""

    @abstractmethod
    def expect(self, request: Request, booking: Booking) -> None:
        """Let `request` release the slot in which `booking` is, and claim what it claims."""

    @abstractmethod
    def refresh(self, pending: PendingRequest[Request, Booking], booking: Booking) -> None:
        """Answer `pending` if it was carried out or cannot be; else let it expect `booking` as it is."""

    @property
    def claim(self) -> tuple[str, str] | None:
        """The e-mail and the slot id of the place that is claimed, if one is."""
        return None

    @property
    def notify(self) -> bool:
        """Whether the guest gets an e-mail."""
        return True

    @abstractmethod
    def record(self, session: Session, audit: Audit) -> None:
        """Write the change to the audit, if the back office makes it."""


Request = StockChange[BookingChange, Booking]
Batch = Sequence[PendingRequest[Request, Booking]]


@dataclass(frozen=True)
class BookingChangeRows(RowsOfKind[OutboxEmail]):
    """The rows of changes of bookings: booking, e-mails, audit."""

    bookings: BookingStore
    email_queue: BookingEmailQueue
    audit: Audit
    clock: Clock

    def write(self, session: Session, requests: Sequence[Request]) -> list[OutboxEmail]:
        """Change the bookings; return the e-mails to enqueue. Raises StaleRequest if one is not where it was."""
        now = self.clock()
        found = self.bookings.get_many_in(session, [request.detail.booking_id for request in requests])
        require_current(requests, found)
        changed = []
        to_notify = []
        for request in requests:
            before = found[request.detail.booking_id]
            after = request.detail.apply(before, now)
            request.outcome = after
            changed.append(after)
            if request.detail.notify and not after.is_anonymised:
                to_notify.append((before, after))
            request.detail.record(session, self.audit)
        self.email_queue.cancel_reminders(session, list(found.values()))
        self.bookings.change(session, changed)
        confirmations = self.email_queue.deferred_confirmations(list(found.values()))
        return confirmations + self.email_queue.changes(session, to_notify)

    def refresh(self, batch: Batch) -> None:
        """Answer the changes that were made, or cannot be; let the others expect the present slot."""
        found = self.bookings.get_many_committed(pending.request.detail.booking_id for pending in batch)
        for pending in batch:
            booking = found.get(pending.request.detail.booking_id)
            if booking is None:
                pending.reject(BookingNotFound())
            else:
                pending.request.detail.refresh(pending, booking)

    def answer_duplicates(self, batch: Batch) -> None:
        """Answer the changes that were made before, and refuse moves into a slot in which the guest is already."""
        self.refresh(batch)
        claims = {pending: pending.request.detail.claim for pending in unanswered(batch)}
        wanted = [claim for claim in claims.values() if claim]
        if not wanted:
            return
        active = self.bookings.find_active(wanted)
        for pending, claim in claims.items():
            if claim in active:
                pending.reject(DuplicateBooking())


def require_current(requests: Sequence[Request], found: dict[str, Booking]) -> None:
    """Raise StaleRequest unless each booking is confirmed and in the slot whose places its request releases."""
    for request in requests:
        booking = found.get(request.detail.booking_id)
        if booking is None or booking.status is Status.CANCELLED:
            raise StaleRequest
        if request.lines.get(booking.slot_id) != -booking.seats:
            raise StaleRequest
