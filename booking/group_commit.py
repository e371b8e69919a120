"""Bookings as claims of stock: the rows that group commit writes for them, and the answers to their requests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from booking.errors import DuplicateBooking, SlotFull
from booking.model import Booking, BookingResult, PendingBooking, Status
from booking.store import BookingStore, IdempotencyStore
from core.clock import Clock
from core.concurrency.batcher import PendingRequest
from core.errors import DomainError, IdempotencyKeyReused
from core.idempotency import earlier_result
from core.ids import new_reference
from core.mongo.client import Client
from core.mongo.transactions import Session
from inventory.admission import Shortage
from inventory.group_commit import GroupCommit, Limits
from notifications.outbox.service import Outbox
from schedules.errors import SlotClosed
from schedules.model import Slot
from schedules.service import Schedules

TOO_BUSY = "The service is too busy. You have not been booked; please try again."
BookingGroupCommit = GroupCommit[PendingBooking, BookingResult]
Pending = Sequence[PendingRequest[PendingBooking, BookingResult]]


@dataclass(frozen=True)
class BookingRecords:
    """Bookings, idempotency keys and e-mails of the claims."""

    schedules: Schedules
    bookings: BookingStore
    keys: IdempotencyStore
    outbox: Outbox
    clock: Clock

    def stock_levels(self, stock_ids: Iterable[str]) -> Mapping[str, Slot]:
        """Return the majority-committed slots by id; creates missing ones."""
        return self.schedules.get_states(stock_ids)

    def insert(self, session: Session, claims: Sequence[PendingBooking]) -> None:
        """Write bookings, keys and e-mails."""
        self.bookings.add(session, [claim.booking for claim in claims])
        keys = [claim.key for claim in claims if claim.key]
        if keys:
            self.keys.add(session, keys)
        self.outbox.enqueue(session, [email for claim in claims for email in claim.emails])

    def result(self, claim: PendingBooking) -> BookingResult:
        """Return the new booking."""
        return BookingResult(claim.booking)

    def answer_known_keys(self, pending: Pending) -> None:
        """Answer the requests whose key is known with the first response, or with IdempotencyKeyReused."""
        keyed = [(one, one.request.key) for one in pending if one.request.key]
        if not keyed:
            return
        known = self.keys.find({key.id for _, key in keyed}, self.clock())
        made = self.bookings.get_many_committed(key.result_id for key in known.values()) if known else {}
        for one, key in keyed:
            try:
                booking_id = earlier_result(key, known.get(key.id))
            except IdempotencyKeyReused as error:
                one.reject(error)
                continue
            if booking_id in made:
                first = _original_response(made[booking_id], one.request.booking)
                one.resolve(BookingResult(first, replayed=booking_id != one.request.booking.id))

    def answer_duplicates(self, pending: Pending) -> None:
        """Answer the requests that were booked before: by the same request, or by the guest in the same slot."""
        self.answer_known_keys(pending)
        rest = [one for one in pending if not one.done]
        if not rest:
            return
        active = self.bookings.find_active((one.request.booking.email, one.request.slot_id) for one in rest)
        for one in rest:
            booking = one.request.booking
            known = active.get((booking.email, booking.slot_id))
            if known and known.id == booking.id:
                one.resolve(BookingResult(known))  # A previous attempt of this request did commit.
            elif known:
                one.reject(DuplicateBooking())

    def renew_references(self, claims: Sequence[PendingBooking]) -> bool:
        """Give the bookings whose reference is taken another one; return whether there were any."""
        taken = self.bookings.existing_references(claim.booking.reference for claim in claims)
        colliding = [claim for claim in claims if claim.booking.reference in taken]
        for claim in colliding:
            reference = new_reference()
            claim.booking = replace(claim.booking, reference=reference)
            claim.emails = [replace(email, context={**email.context, "reference": reference}) for email in claim.emails]
        return bool(colliding)

    def refusal(self, shortage: Shortage) -> DomainError:
        """Return SlotClosed or SlotFull."""
        return SlotClosed() if shortage.closed else SlotFull()

    def after_commit(self) -> None:
        """Invalidate the cached alternatives and wake the delivery worker."""
        self.schedules.invalidate_alternatives()
        self.outbox.wake_worker()

    def after_release(self) -> None:
        """Invalidate the cached alternatives."""
        self.schedules.invalidate_alternatives()


def booking_group_commit(client: Client, records: BookingRecords) -> BookingGroupCommit:
    """Return the group commit of bookings over the stock of slots."""
    return GroupCommit(client, records.schedules.store.stock, records, Limits(too_busy=TOO_BUSY))


def _original_response(made: Booking, requested: Booking) -> Booking:
    """Return `made` as the first response showed it, whatever changed since: in the slot that the body names."""
    return replace(
        made,
        status=Status.CONFIRMED,
        date=requested.date,
        slot_id=requested.slot_id,
        slot_label=requested.slot_label,
    )
