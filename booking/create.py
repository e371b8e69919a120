"""Creation of a booking: validation against the schedule, then the group commit."""

from __future__ import annotations

from dataclasses import dataclass

from booking.emails import BookingEmails
from booking.errors import SlotDateMismatch, SlotFull
from booking.group_commit import BookingGroupCommit
from booking.model import Booking, BookingResult, NewBooking, PendingBooking
from core import metrics
from core.clock import Clock, monotonic
from core.email_domains import TEST_DOMAINS, DomainReceivesNoEmail
from core.errors import DomainError
from core.idempotency import IdempotencyKey
from core.ids import new_id, new_reference
from schedules.errors import DateNotBookable, SlotClosed
from schedules.model import PlannedSlot
from schedules.service import Schedules

BOOKING_TIMEOUT = 10.0


@dataclass(frozen=True)
class CreateBooking:
    """Creates bookings."""

    group_commit: BookingGroupCommit
    schedules: Schedules
    emails: BookingEmails
    clock: Clock
    allow_test_domains: bool = False

    def execute(self, new: NewBooking, key: str | None, language: str = "en") -> BookingResult:
        """Book one place for a guest whose e-mails are in `language`.

        Raises DateNotBookable, SlotNotFound, SlotDateMismatch, Invalid for a test domain, and the errors of
        `BookingGroupCommit.submit`.
        """
        try:
            if new.email.endswith(TEST_DOMAINS) and not self.allow_test_domains:
                raise DomainReceivesNoEmail(new.email)
            slot = self._slot_of(new)
        except DomainError as error:
            _count(error.code)
            raise
        pending = self._pending(new, slot, key, language)
        try:
            self.schedules.require_open(slot)
            result = self.group_commit.submit(pending)
        except DomainError as error:
            result = self._replayed(error, pending, slot)
        if result.replayed:
            _count("replayed")
        else:
            _count("booked")
        return result

    def _replayed(self, error: DomainError, pending: PendingBooking, slot: PlannedSlot) -> BookingResult:
        """Return the earlier answer to a request that is only refused since; raises `error` otherwise."""
        try:
            if isinstance(error, SlotFull):
                raise SlotFull(extra={"alternatives": self.schedules.alternative_offers(slot)}) from error
            if isinstance(error, SlotClosed):
                replayed = self.group_commit.replay(pending)
                if replayed is not None:
                    return replayed
            raise error
        except DomainError as refusal:
            _count(refusal.code)
            raise

    def _slot_of(self, new: NewBooking) -> PlannedSlot:
        if new.date not in self.schedules.schedule.day_by_date:
            raise DateNotBookable(self.schedules.schedule.refusal)
        slot = self.schedules.get_plan(new.slot_id)
        if slot.date != new.date:
            raise SlotDateMismatch
        return slot

    def _pending(self, new: NewBooking, slot: PlannedSlot, key: str | None, language: str) -> PendingBooking:
        now = self.clock()
        booking = Booking(
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
        )
        idempotency_key = None
        if key:
            # The language is not part of the fingerprint: an equal body is an equal request, whatever its headers.
            idempotency_key = IdempotencyKey.issue(key, new.fingerprint, booking.id, now)
        deadline = monotonic() + BOOKING_TIMEOUT
        return PendingBooking(booking, self.emails.confirmation(booking), idempotency_key, deadline)


def _count(outcome: str) -> None:
    metrics.BOOKINGS.labels(outcome).inc()
