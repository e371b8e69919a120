"""What can be done with bookings: make one, look at it, cancel it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from booking.emails import BookingEmails
from booking.errors import ResultTooLargeToSort, SlotDateMismatch, SlotFull
from booking.group_commit import BookingGroupCommit
from booking.mapping import is_indexed
from booking.model import (
    Booking,
    BookingFilter,
    BookingPage,
    BookingResult,
    ExportRow,
    NewBooking,
    PageRequest,
    PendingBooking,
    SortField,
    Status,
)
from booking.store import BookingStore
from core import metrics
from core.clock import Clock, monotonic
from core.errors import DomainError
from core.idempotency import IdempotencyKey
from core.ids import new_id, new_reference
from core.mongo.client import Client
from schedules.errors import DateNotBookable, SlotClosed
from schedules.model import PlannedSlot, Slot
from schedules.service import Schedules
from waitlist.service import Waitlist

BOOKING_TIMEOUT = 10.0
# Where no index gives the order, at most this many are read and sorted: 20 to 130 ms, see ADR 17.
MAX_SORTED = 10_000


@dataclass(frozen=True)
class Bookings:
    """The use cases around a booking."""

    client: Client
    store: BookingStore
    counter: BookingGroupCommit
    schedules: Schedules
    waitlist: Waitlist
    promises: BookingEmails
    clock: Clock

    def book(self, new: NewBooking, key: str | None, language: str = "en") -> BookingResult:
        """Book one place, for a guest who reads letters in `language`.

        Raises what the counter raises, DateNotBookable, SlotNotFound or SlotDateMismatch.
        """
        try:
            booked = self._book(new, key, language)
        except DomainError as error:
            metrics.BOOKINGS.labels(error.code).inc()
            raise
        outcome = "replayed" if booked.replayed else "booked"
        metrics.BOOKINGS.labels(outcome).inc()
        return booked

    def search(self, wanted: BookingFilter, part: PageRequest) -> BookingPage:
        """Return a part of the bookings in an order; raises TooManyToSort when no index gives it and many are found."""
        total = self._total(wanted)
        sorts = [by for by in SortField if total <= MAX_SORTED or is_indexed(by, wanted)]
        if part.by not in sorts:
            raise ResultTooLargeToSort
        items, following = self.store.find(wanted, part)
        return BookingPage(items, total, following, sorts)

    def count_created_between(self, first: datetime, end: datetime) -> int:
        """Return how many bookings were made from `first` until before `end`, cancelled ones too."""
        return self.store.count_created_between(first, end)

    def stream(self, wanted: BookingFilter) -> Iterator[ExportRow]:
        """Yield all bookings that match, newest first."""
        return self.store.stream(wanted)

    def get_many(self, ids: Iterable[str]) -> Mapping[str, Booking]:
        """Return those of the bookings with `ids` that there are, by id."""
        return self.store.get_many_committed(ids)

    def find_mismatches(self) -> list[dict[str, Any]]:
        """Recount every slot from its bookings and its waiting list; return those that say otherwise.

        Nobody waits for a slot that gives places.
        """
        with self.client.start_session(snapshot=True) as moment:
            booked = self.store.active_by_slot(moment)
            waiting = self.waitlist.count_by_slot(moment)
            slots = self.schedules.every_slot(moment)
        wrong = [slot for slot in slots if self._is_wrong(slot, booked, waiting)]
        stray = (booked.keys() | waiting.keys()) - {slot.id for slot in slots}
        return [_drift(slot, booked.get(slot.id, 0), waiting.get(slot.id, 0)) for slot in wrong] + [
            {"slotId": slot_id, "bookedCount": None, "bookings": booked.get(slot_id, 0)} for slot_id in sorted(stray)
        ]

    def manage_url(self, booking: Booking) -> str:
        """Return the signed address of the booking's own page."""
        return self.promises.links.url(booking.id)

    def _total(self, wanted: BookingFilter) -> int:
        """Return how many bookings match; the slots know the number of all confirmed ones without counting them."""
        confirmed = replace(wanted, status=Status.CONFIRMED)
        if confirmed != BookingFilter(status=Status.CONFIRMED) or wanted.status == Status.CANCELLED:
            return self.store.count(wanted)
        active = sum(slot.booked_count for slot in self.schedules.every_slot())
        return active if wanted.status else active + self.store.count(BookingFilter(status=Status.CANCELLED))

    def _book(self, new: NewBooking, key: str | None, language: str) -> BookingResult:
        if new.date not in self.schedules.schedule.day_by_date:
            raise DateNotBookable(self.schedules.schedule.refusal)
        slot = self.schedules.get_plan(new.slot_id)
        if slot.date != new.date:
            raise SlotDateMismatch
        wish = self._pending(new, slot, key, language)
        try:
            self.schedules.require_open(slot)
            return self.counter.submit(wish)
        except SlotFull as error:
            raise SlotFull(extra={"alternatives": self.schedules.alternative_offers(slot)}) from error
        except SlotClosed:
            earlier = self.counter.replay(wish)
            if earlier is None:
                raise
            return earlier

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
        # Not part of the key's fingerprint: the same body is the same request, whatever the client's headers say.
        used = IdempotencyKey.issue(key, new.fingerprint, booking.id, now) if key else None
        return PendingBooking(booking, self.promises.confirmation(booking), used, monotonic() + BOOKING_TIMEOUT)

    def _is_wrong(self, slot: Slot, booked: Mapping[str, int], waiting: Mapping[str, int]) -> bool:
        counts_agree = slot.booked_count == booked.get(slot.id, 0) and slot.waiting == waiting.get(slot.id, 0)
        return not counts_agree or slot.booked_count > slot.capacity or self.schedules.promotable_places(slot) > 0


def _drift(slot: Slot, bookings: int, waiting: int) -> dict[str, Any]:
    row = {"slotId": slot.id, "bookedCount": slot.booked_count, "bookings": bookings, "capacity": slot.capacity}
    return row | ({"waiting": slot.waiting, "entries": waiting} if slot.waiting or waiting else {})
