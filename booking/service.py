"""What can be done with bookings: make one, look at it, cancel it."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from booking.counter import Counter
from booking.errors import BookingNotFound, SlotDateMismatch, SlotFull
from booking.links import Links
from booking.model import KEY_LIFETIME, Booked, Booking, BookingFilter, ExportRow, Key, NewBooking, Page, Status, Wish
from booking.store import BookingStore
from core import log, metrics
from core.clock import Clock, monotonic
from core.errors import DomainError, Unavailable
from core.ids import new_id, new_reference
from core.mongo import Client, DatabaseError, Session, transaction
from notifications import letters
from notifications.model import Letter
from notifications.service import Letters
from schedules.errors import DateNotBookable, SlotClosed
from schedules.model import PlannedSlot, Slot
from schedules.service import Schedules

LOG = log.get("booking")
PATIENCE_SECONDS = 10.0
CANCEL_SECONDS = 8.0
# How long one cancellation tries a slot that somebody holds while others wait behind it.
HELD_SECONDS = 2.0


@dataclass(frozen=True)
class Bookings:
    """The use cases around a booking."""

    client: Client
    store: BookingStore
    counter: Counter
    schedules: Schedules
    letters: Letters
    links: Links
    admin_email: str
    clock: Clock
    cancelling: threading.Lock = field(default_factory=threading.Lock)

    def book(self, new: NewBooking, key: str | None) -> Booked:
        """Book one place; raises what the counter raises, DateNotBookable, SlotNotFound or SlotDateMismatch."""
        try:
            booked = self._book(new, key)
        except DomainError as error:
            metrics.BOOKINGS.labels(error.code).inc()
            raise
        outcome = "replayed" if booked.replayed else "booked"
        metrics.BOOKINGS.labels(outcome).inc()
        return booked

    def get(self, booking_id: str, token: str) -> Booking:
        """Return the guest's booking; a wrong token is as good as an unknown id: BookingNotFound."""
        if not self.links.opens(booking_id, token):
            raise BookingNotFound
        return self.store.get(booking_id)

    def cancel_by_guest(self, booking_id: str, token: str) -> Booking:
        """Cancel the guest's booking; doing it again changes nothing."""
        self.get(booking_id, token)
        return self.cancel(booking_id)

    def cancel(self, booking_id: str) -> Booking:
        """Cancel a booking, give its place back and tell the guest, all in one transaction; again is the same."""

        def work(session: Session) -> Booking | None:
            cancelled = self.store.cancel(session, booking_id, self.clock())
            if cancelled:
                self.schedules.release(session, cancelled.slot_id)
                behind = self.letters.last_unsent(session, booking_id, cancelled.email)
                self.letters.promise(session, [self._cancellation_letter(cancelled, behind)])
            return cancelled

        # One at a time in each process: many at once would only fight each other for the slot.
        if not self.cancelling.acquire(timeout=CANCEL_SECONDS):
            raise Unavailable(retry_after=2)
        try:
            cancelled = transaction(self.client, work, CANCEL_SECONDS, HELD_SECONDS)
        finally:
            self.cancelling.release()
        if cancelled is None:
            return self.store.get(booking_id)
        self.counter.forget_full(cancelled.slot_id)
        self.letters.announce()
        LOG.info("booking_cancelled", booking=booking_id)
        return cancelled

    def send_again(self, booking_id: str) -> Booking:
        """Tell the guest once more how the booking stands: that it is confirmed, or that it is cancelled."""
        booking = self.store.get(booking_id)
        if booking.status is Status.CANCELLED:
            letter = self._cancellation_letter(booking)
        else:
            letter = letters.booking_confirmed_again(
                about=booking.id, guest=booking.email, facts=self._facts(booking), now=self.clock()
            )
        transaction(self.client, lambda session: self.letters.promise(session, [letter]), CANCEL_SECONDS)
        self.letters.announce()
        return booking

    def search(self, wanted: BookingFilter, page: int, limit: int, after: str | None) -> Page:
        """Return a part of the bookings, newest first; `after` walks from where the last part ended."""
        skip = 0 if after else (page - 1) * limit
        found = self.store.find(wanted, skip, limit + 1, after)
        items = found[:limit]
        return Page(items, self._total(wanted), items[-1].id if len(found) > limit else None)

    def walk(self, wanted: BookingFilter) -> Iterator[ExportRow]:
        """Yield all bookings that match, newest first."""
        return self.store.walk(wanted)

    def drift(self) -> list[dict[str, Any]]:
        """Recount every slot from its bookings; return those whose counter says otherwise."""
        with self.client.start_session(snapshot=True) as moment:
            counted = self.store.active_by_slot(moment)
            slots = self.schedules.every_slot(moment)
        stray = counted.keys() - {slot.id for slot in slots}
        return [_drift(slot, counted.get(slot.id, 0)) for slot in slots if _is_wrong(slot, counted)] + [
            {"slotId": slot_id, "bookedCount": None, "bookings": counted[slot_id]} for slot_id in sorted(stray)
        ]

    def manage_url(self, booking: Booking) -> str:
        """Return the signed address of the booking's own page."""
        return self.links.manage_url(booking.id)

    def _total(self, wanted: BookingFilter) -> int:
        """Return how many bookings match; the slots know the number of all confirmed ones without counting them."""
        confirmed = replace(wanted, status=Status.CONFIRMED)
        if confirmed != BookingFilter(status=Status.CONFIRMED) or wanted.status == Status.CANCELLED:
            return self.store.count(wanted)
        active = sum(slot.booked_count for slot in self.schedules.every_slot())
        return active if wanted.status else active + self.store.count(BookingFilter(status=Status.CANCELLED))

    def _book(self, new: NewBooking, key: str | None) -> Booked:
        if new.date not in self.schedules.schedule.day_on:
            raise DateNotBookable(self.schedules.schedule.refusal)
        slot = self.schedules.planned(new.slot_id)
        if slot.date != new.date:
            raise SlotDateMismatch
        wish = self._wish(new, slot, key)
        try:
            self.schedules.require_open(slot)
            return self.counter.book(wish)
        except SlotFull as error:
            raise SlotFull(extra={"alternatives": self._alternatives_to(slot)}) from error
        except SlotClosed:
            earlier = self.counter.replay(wish)
            if earlier is None:
                raise
            return earlier

    def _alternatives_to(self, slot: PlannedSlot) -> list[Mapping[str, Any]]:
        """Return what to offer instead of a full slot; a refusal stays one though the database has gone away."""
        offered: list[Slot] = []
        with suppress(DatabaseError):
            offered = self.schedules.alternatives(slot)
        return [
            {"slotId": other.id, "date": other.date, "label": other.label, "remaining": other.remaining}
            for other in offered
        ]

    def _wish(self, new: NewBooking, slot: PlannedSlot, key: str | None) -> Wish:
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
        )
        promised = letters.booking_made(
            about=booking.id, admin=self.admin_email, guest=booking.email, facts=self._facts(booking), now=now
        )
        used = Key(key, new.fingerprint, booking.id, now + KEY_LIFETIME) if key else None
        return Wish(booking, promised, used, monotonic() + PATIENCE_SECONDS)

    def _cancellation_letter(self, booking: Booking, behind: str | None = None) -> Letter:
        return letters.booking_cancelled(
            about=booking.id,
            guest=booking.email,
            facts=self._facts(booking),
            now=self.clock(),
            behind=behind,
        )

    def _facts(self, booking: Booking) -> dict[str, str]:
        return {
            "event": self.schedules.schedule.name,
            "timezone": self.schedules.schedule.timezone,
            "date": booking.date,
            "slot": booking.slot_label,
            "reference": booking.reference,
            "fullName": booking.full_name,
            "email": booking.email,
            "phone": booking.phone,
            "country": booking.country,
            "city": booking.city,
            "message": booking.message,
            "manageUrl": self.links.manage_url(booking.id),
            "sequence": "0",
        }


def _is_wrong(slot: Slot, counted: Mapping[str, int]) -> bool:
    return slot.booked_count != counted.get(slot.id, 0) or slot.booked_count > slot.capacity


def _drift(slot: Slot, bookings: int) -> dict[str, Any]:
    return {"slotId": slot.id, "bookedCount": slot.booked_count, "bookings": bookings, "capacity": slot.capacity}
