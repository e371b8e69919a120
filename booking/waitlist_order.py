"""Order of a waiting list: strictly of arrival, a party at a time; released places are saved until they are enough.

The first in line whose party fits into the slot's capacity gets its places once all of them are free; no entry behind
it does before. A larger party is passed over until the capacity is raised. In the last day before the slot's booking
ends, no place is saved: free places go to the first in line that fits. Entries of guests who have booked the slot
meanwhile leave the list.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from booking.store import BookingStore
from core.mongo.transactions import Session
from schedules.model import Slot
from schedules.service import Schedules
from waitlist.model import WaitlistEntry, first_fitting
from waitlist.store import WaitlistStore


@dataclass(frozen=True)
class Allocation:
    """The entries of a slot that get places now, and the places to save if they get none.

    `booked` are the entries in line whose guests have a booking of the slot: they leave.
    """

    slot: Slot
    called: Sequence[WaitlistEntry]
    saved: int
    booked: Sequence[WaitlistEntry] = ()

    @property
    def leaving(self) -> int:
        """How many entries wait no longer."""
        return len(self.called) + len(self.booked)

    def saved_after(self, seats: int) -> int:
        """Return how many places are saved after the called entries got `seats` of them."""
        return max(0, self.saved - seats)


@dataclass(frozen=True)
class WaitlistOrder:
    """The rule which waiting guests get the free places of a slot."""

    schedules: Schedules
    entries: WaitlistStore
    bookings: BookingStore

    def allocate(self, session: Session | None, slot: Slot, released: int = 0) -> Allocation:
        """Return the allocation of a slot of whose free places `released` have just been released or added."""
        saved = min(slot.free, slot.saved + released)
        if not slot.waiting:
            return Allocation(slot, (), 0)
        places = self.schedules.promotable_places(slot)
        if not places:
            return Allocation(slot, (), saved)
        saves = self.schedules.saves_places(slot)
        largest = places
        if saves:
            largest = slot.capacity
        in_line = self.entries.next_in_line(session, slot.id, places, largest)
        booked = self._booked(session, slot, in_line)
        called = first_fitting([entry for entry in in_line if entry not in booked], places)
        is_exhausted = len(called) + len(booked) == len(in_line) < places
        if is_exhausted or not saves:
            saved = 0
        return Allocation(slot, called, saved, booked)

    def is_wrong(self, session: Session, slot: Slot) -> bool:
        """Return whether an entry waits for places that it could have, or places are saved without need.

        A slot with an entry of a guest who has booked it is right: the entry leaves at the next reconciliation.
        """
        if slot.saved > slot.free or (slot.saved and not slot.waiting):
            return True
        allocation = self.allocate(session, slot)
        return bool(allocation.called) and not allocation.booked

    def is_due(self, slot: Slot) -> bool:
        """Return whether the slot has places to give, or to save no longer, or entries of guests who have booked it."""
        if slot.saved and not slot.waiting:
            return True
        if not self.schedules.promotable_places(slot):
            return False
        allocation = self.allocate(None, slot)
        return allocation.leaving > 0 or allocation.saved != slot.saved

    def _booked(self, session: Session | None, slot: Slot, entries: Sequence[WaitlistEntry]) -> list[WaitlistEntry]:
        """Return those of `entries` whose guests have a booking of the slot."""
        guests = self.bookings.with_booking(session, [(entry.email, slot.id) for entry in entries])
        return [entry for entry in entries if (entry.email, slot.id) in guests]
