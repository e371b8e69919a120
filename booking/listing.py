"""Search of bookings, a page at a time."""

from __future__ import annotations

from dataclasses import dataclass, replace

from booking.errors import ResultTooLargeToSort
from booking.mapping import is_indexed
from booking.model import BookingFilter, BookingListing, PageRequest, SortField, Status
from booking.store import BookingStore
from schedules.store import SlotStore

# Without an index for the order, at most this many are read and sorted: 20 to 130 ms, see ADR 17.
MAX_SORTED = 10_000


@dataclass(frozen=True)
class SearchBookings:
    """Searches bookings."""

    bookings: BookingStore
    slots: SlotStore

    def execute(self, criteria: BookingFilter, request: PageRequest) -> BookingListing:
        """Return a page of matches; raises ResultTooLargeToSort if many match and no index gives the order."""
        total = self._total(criteria)
        sorts = [by for by in SortField if total <= MAX_SORTED or is_indexed(by, criteria)]
        if request.by not in sorts:
            raise ResultTooLargeToSort
        return BookingListing(self.bookings.find(criteria, request), total, sorts)

    def _total(self, criteria: BookingFilter) -> int:
        """Return the number of matches; slots hold the number of all confirmed bookings, so those need no count."""
        confirmed = replace(criteria, status=Status.CONFIRMED)
        if confirmed != BookingFilter(status=Status.CONFIRMED) or criteria.status == Status.CANCELLED:
            return self.bookings.count(criteria)
        active = sum(slot.booked_count for slot in self.slots.all())
        if criteria.status:
            return active
        return active + self.bookings.count(BookingFilter(status=Status.CANCELLED))
