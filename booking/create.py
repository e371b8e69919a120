"""Creation of a booking: validation against the schedule, then the group commit, and the rows that it writes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from booking.errors import DuplicateBooking, SlotDateMismatch, SlotFull
from booking.idempotency_store import IdempotencyStore
from booking.model import Booking, BookingResult, NewBooking, PendingBooking, Status
from booking.store import BookingStore
from core import metrics
from core.clock import Clock, monotonic
from core.concurrency.batcher import PendingRequest
from core.email_domains import TEST_DOMAINS, DomainReceivesNoEmail
from core.errors import DomainError, IdempotencyKeyReused
from core.idempotency import IdempotencyKey, earlier_result
from core.ids import new_id, new_reference
from core.mongo.transactions import Session
from inventory.group_commit import GroupCommit
from inventory.requests import RowsOfKind, StaleRequest, unanswered
from notifications.outbox.model import OutboxEmail
from schedules.errors import DateNotBookable, SlotClosed
from schedules.model import PlannedSlot
from schedules.service import Schedules

BOOKING_TIMEOUT = 10.0
Batch = Sequence[PendingRequest[PendingBooking, BookingResult]]


@dataclass(frozen=True)
class CreateBooking:
    """Creates bookings."""

    group_commit: GroupCommit
    schedules: Schedules
    clock: Clock
    allow_test_domains: bool = False

    def execute(self, new: NewBooking, key: str | None, language: str = "en", account_id: str = "") -> BookingResult:
        """Book the places for a guest whose e-mails are in `language`, signed in to the account `account_id` if any.

        Raises DateNotBookable, SlotNotFound, SlotDateMismatch, Invalid for a test domain or too many places, and
        the errors of `GroupCommit.submit`.
        """
        with _counted_refusals():
            if new.email.endswith(TEST_DOMAINS) and not self.allow_test_domains:
                raise DomainReceivesNoEmail(new.email)
            slot = self._slot_of(new)
            pending = self._pending(self._booking(new, slot, language, account_id), key, new.fingerprint)
            try:
                self.schedules.require_open(slot)
                result = self.group_commit.submit(pending)
            except SlotFull as error:
                raise error.with_alternatives(self.schedules.alternative_offers(slot, new.seats)) from error
            except SlotClosed:
                # The request may repeat one that booked while the slot was open.
                earlier = self.group_commit.replay(pending)
                if earlier is None:
                    raise
                result = earlier
        _count(result.outcome)
        return result

    def _slot_of(self, new: NewBooking) -> PlannedSlot:
        if new.date not in self.schedules.schedule.day_by_date:
            raise DateNotBookable(self.schedules.schedule.refusal)
        slot = self.schedules.get_plan(new.slot_id)
        if slot.date != new.date:
            raise SlotDateMismatch
        self.schedules.require_seats(new.seats)
        return slot

    def _booking(self, new: NewBooking, slot: PlannedSlot, language: str, account_id: str) -> Booking:
        now = self.clock()
        return Booking(
            id=new_id(now),
            reference=new_reference(),
            full_name=new.full_name,
            email=new.email,
            phone=new.phone,
            country=new.country,
            city=new.city,
            message=new.message,
            date=new.date,
            slot_id=slot.id,
            slot_label=slot.label,
            created_at=now,
            language=language,
            confirmation_deferred=True,
            account_id=account_id,
            seats=new.seats,
        )

    def _pending(self, booking: Booking, key: str | None, fingerprint: str) -> PendingBooking:
        idempotency_key = None
        if key:
            # The language is not part of the fingerprint: an equal body is an equal request, whatever its headers.
            idempotency_key = IdempotencyKey.issue(key, fingerprint, booking.id, booking.created_at)
        deadline = monotonic() + BOOKING_TIMEOUT
        return PendingBooking(booking, idempotency_key, deadline)


@contextmanager
def _counted_refusals() -> Iterator[None]:
    try:
        yield
    except DomainError as error:
        _count(error.code)
        raise


def _count(outcome: str) -> None:
    metrics.BOOKINGS.labels(outcome).inc()


@dataclass(frozen=True)
class NewBookingRows(RowsOfKind[OutboxEmail]):
    """The rows of new bookings. Each booking has its key, and a mark that the worker writes its e-mails."""

    bookings: BookingStore
    keys: IdempotencyStore
    clock: Clock

    def write(self, session: Session, requests: Sequence[PendingBooking]) -> list[OutboxEmail]:
        """Write the bookings; there is no e-mail to enqueue. Raises StaleRequest if an older version has a key."""
        keys = [request.key for request in requests if request.key]
        if self.keys.has_former(session, keys):
            raise StaleRequest
        self.bookings.add(session, [request.booking for request in requests], keys)
        return []

    def answer_known_keys(self, batch: Batch) -> None:
        """Answer the requests whose key is known with the first response, or with IdempotencyKeyReused."""
        keyed = [(one, one.request.key) for one in batch if one.request.key]
        if not keyed:
            return
        known, made = self.keys.find({key.id for _, key in keyed}, self.clock())
        for one, key in keyed:
            try:
                booking_id = earlier_result(key, known.get(key.id))
            except IdempotencyKeyReused as error:
                one.reject(error)
                continue
            if booking_id in made:
                first = _original_response(made[booking_id], one.request.booking)
                one.resolve(BookingResult(first, replayed=booking_id != one.request.booking.id))

    def refresh(self, batch: Batch) -> None:
        """Answer the requests whose key is known from an older version; the index does not refuse these."""
        if self.keys.has_former_keys():
            self.answer_known_keys(batch)

    def answer_duplicates(self, batch: Batch) -> None:
        """Answer the requests that were booked before: by the same request, or by the guest in the same slot."""
        self.answer_known_keys(batch)
        rest = unanswered(batch)
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

    def renew_references(self, requests: Sequence[PendingBooking]) -> bool:
        """Give the bookings whose reference is taken another one; return whether there were any."""
        taken = self.bookings.existing_references(request.booking.reference for request in requests)
        colliding = [request for request in requests if request.booking.reference in taken]
        for request in colliding:
            reference = new_reference()
            request.booking = replace(request.booking, reference=reference)
        return bool(colliding)


def _original_response(made: Booking, requested: Booking) -> Booking:
    """Return `made` as the first response showed it, whatever changed since: in the slot that the body names."""
    return replace(
        made,
        status=Status.CONFIRMED,
        date=requested.date,
        slot_id=requested.slot_id,
        slot_label=requested.slot_label,
    )
