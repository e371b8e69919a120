"""Promotion from the waiting list: free places become bookings, or are saved, in the transaction that frees them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from booking.email_queue import BookingEmailQueue
from booking.model import booking_from_waitlist
from booking.store import BookingStore
from booking.waitlist_order import Allocation, WaitlistOrder
from core.clock import Clock
from core.ids import new_id, new_reference
from core.mongo.transactions import Session
from notifications.outbox.model import OutboxEmail
from schedules.model import QueueChange, Slot
from schedules.service import Schedules
from waitlist.model import WaitlistEntry
from waitlist.store import WaitlistStore


@dataclass(frozen=True)
class WaitlistPromotion:
    """Promotes waiting guests, first come, first served; no other booking can be made in between."""

    bookings: BookingStore
    schedules: Schedules
    entries: WaitlistStore
    order: WaitlistOrder
    email_queue: BookingEmailQueue
    clock: Clock

    def execute(self, session: Session, released: Mapping[str, int]) -> list[OutboxEmail]:
        """Give the free places of the slots to their waiting guests, or save them; return the e-mails to enqueue.

        `released` are the places by slot id that were released or added in this transaction, 0 of other slots.
        """
        emails: list[OutboxEmail] = []
        while released:
            slots = {slot.id: slot for slot in self.schedules.store.with_waiting(session, released)}
            allocations = [self.order.allocate(session, slot, released[slot.id]) for slot in slots.values()]
            for allocation in allocations:
                self._leave(session, allocation.booked)
            promoted = [entry for allocation in allocations for entry in allocation.called]
            seats = _seats(promoted)
            changes = _changes(allocations, seats)
            if changes:
                self.schedules.store.change_queues(session, changes)
            if promoted:
                emails += self._promote(session, promoted, slots)
            # The places that are left, also those behind guests who left, may fit the next ones.
            released = dict.fromkeys(_left_over(allocations, seats), 0)
        return emails

    def _leave(self, session: Session, booked: Sequence[WaitlistEntry]) -> None:
        """Mark the entries of guests left who have booked the slot."""
        for entry in booked:
            self.entries.leave(session, entry.id)

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


def _seats(promoted: Sequence[WaitlistEntry]) -> Counter[str]:
    """Return how many places the entries get, by slot id."""
    seats: Counter[str] = Counter()
    for entry in promoted:
        seats[entry.slot_id] += entry.seats
    return seats


def _left_over(allocations: Sequence[Allocation], seats: Mapping[str, int]) -> list[str]:
    """Return the ids of slots whose lists have become shorter and that have places left."""
    called = [allocation.slot for allocation in allocations if allocation.leaving]
    return [slot.id for slot in called if slot.free > seats[slot.id]]


def _changes(allocations: Sequence[Allocation], seats: Mapping[str, int]) -> list[QueueChange]:
    """Return the changes of the queues whose entries were called or left, or whose saved places change."""
    changes = []
    for allocation in allocations:
        slot = allocation.slot
        saved = allocation.saved_after(seats[slot.id])
        if saved != slot.saved:
            changes.append(QueueChange(slot.id, allocation.leaving, seats[slot.id], saved))
        elif allocation.leaving:
            changes.append(QueueChange(slot.id, allocation.leaving, seats[slot.id]))
    return changes
