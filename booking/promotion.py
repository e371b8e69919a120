"""Promotion from the waiting list: free places become bookings within the transaction that frees them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from booking.email_queue import BookingEmailQueue
from booking.model import booking_from_waitlist
from booking.store import BookingStore
from core.clock import Clock
from core.ids import new_id, new_reference
from core.mongo.transactions import Session
from schedules.model import Slot
from schedules.service import Schedules
from waitlist.model import WaitlistEntry
from waitlist.store import WaitlistStore


@dataclass(frozen=True)
class WaitlistPromotion:
    """Promotes waiting guests, first come, first served; no other booking can be made in between."""

    bookings: BookingStore
    schedules: Schedules
    entries: WaitlistStore
    email_queue: BookingEmailQueue
    clock: Clock

    def execute(self, session: Session, slot: Slot) -> Slot:
        """Give the free places of `slot` to its waiting guests; return the slot after that."""
        while places := self.schedules.promotable_places(slot):
            waiting = self.entries.next_in_line(session, slot.id, places)
            if not waiting:
                break  # The slot's count of waiting guests is wrong; `flask verify` reports it.
            promoted = self._drop_booked(session, slot, waiting)
            self.schedules.store.leave_queue(session, slot.id, waiting=len(waiting), places=len(promoted))
            self._promote(session, slot, promoted)
            slot = self.schedules.store.get(session, slot.id)
        return slot

    def _drop_booked(self, session: Session, slot: Slot, waiting: Sequence[WaitlistEntry]) -> list[WaitlistEntry]:
        """Mark the entries of guests left who have a booking in the slot; return the other entries."""
        booked = self.bookings.emails_with_booking(session, slot.id, [entry.email for entry in waiting])
        for entry in waiting:
            if entry.email in booked:
                self.entries.leave(session, entry.id)
        return [entry for entry in waiting if entry.email not in booked]

    def _promote(self, session: Session, slot: Slot, entries: Sequence[WaitlistEntry]) -> None:
        if not entries:
            return
        now = self.clock()
        references = self._new_references(len(entries))
        bookings = {
            entry.id: booking_from_waitlist(entry, slot, new_id(now), references.pop(), now) for entry in entries
        }
        self.bookings.add(session, list(bookings.values()))
        for entry in entries:
            self.email_queue.cancel_waiting(session, entry.id)
        self.entries.promote(session, {entry_id: booking.id for entry_id, booking in bookings.items()})
        self.email_queue.enqueue_confirmations(session, list(bookings.values()))

    def _new_references(self, count: int) -> set[str]:
        references: set[str] = set()
        while len(references) < count:
            candidates = {new_reference() for _ in range(count - len(references))}
            references |= candidates - self.bookings.existing_references(candidates)
        return references
