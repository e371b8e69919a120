"""Promotion from the waiting list: free places become bookings within the transaction that frees them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from booking.email_queue import BookingEmailQueue
from booking.model import booking_from_waitlist
from booking.store import BookingStore
from core.clock import Clock
from core.ids import new_id, new_reference
from core.mongo.transactions import Session
from notifications.outbox.model import OutboxEmail
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

    def execute(self, session: Session, slot_ids: Collection[str]) -> list[OutboxEmail]:
        """Give the free places of the slots to their waiting guests; return the e-mails to enqueue."""
        emails: list[OutboxEmail] = []
        while slot_ids:
            slots = {slot.id: slot for slot in self.schedules.store.with_waiting(session, slot_ids)}
            waiting = self._next_in_line(session, slots.values())
            promoted = self._drop_booked(session, waiting)
            if waiting:
                self.schedules.store.leave_queue(session, _counts(waiting), _counts(promoted))
            if promoted:
                emails += self._promote(session, promoted, slots)
            if len(promoted) == len(waiting):
                break
            # The places of guests who have a booking already go to the next ones.
            slot_ids = _counts(waiting)
        return emails

    def _next_in_line(self, session: Session, slots: Collection[Slot]) -> list[WaitlistEntry]:
        """Return the entries that get the free places; fewer if a slot's count is wrong, see `flask verify`."""
        waiting: list[WaitlistEntry] = []
        for slot in slots:
            places = self.schedules.promotable_places(slot)
            if places:
                waiting += self.entries.next_in_line(session, slot.id, places)
        return waiting

    def _drop_booked(self, session: Session, waiting: Sequence[WaitlistEntry]) -> list[WaitlistEntry]:
        """Mark the entries of guests left who have a booking in the slot; return the other entries."""
        if not waiting:
            return []
        booked = self.bookings.with_booking(session, [(entry.email, entry.slot_id) for entry in waiting])
        promoted = []
        for entry in waiting:
            if (entry.email, entry.slot_id) in booked:
                self.entries.leave(session, entry.id)
            else:
                promoted.append(entry)
        return promoted

    def _promote(
        self, session: Session, entries: Sequence[WaitlistEntry], slots: Mapping[str, Slot]
    ) -> list[OutboxEmail]:
        now = self.clock()
        # A reference that is taken aborts the transaction; the next attempt draws others.
        bookings = {
            entry.id: booking_from_waitlist(entry, slots[entry.slot_id], new_id(now), new_reference(), now)
            for entry in entries
        }
        self.bookings.add(session, list(bookings.values()))
        self.email_queue.cancel_waiting(session, list(bookings))
        self.entries.promote(session, {entry_id: booking.id for entry_id, booking in bookings.items()})
        return self.email_queue.confirmations(list(bookings.values()))


def _counts(entries: Sequence[WaitlistEntry]) -> Counter[str]:
    """Return the numbers of entries by slot id."""
    return Counter(entry.slot_id for entry in entries)
