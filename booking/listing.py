"""Search of bookings by the back office: a page, the number of matches, and the available orders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from booking.errors import ResultTooLargeToSort
from booking.mapping import is_indexed
from booking.model import Booking, BookingFilter, BookingListing, PageRequest, SortField, Status
from booking.query import BookingQuery
from booking.search.index import Matches, SearchIndex
from core.pagination import Cursor, Page
from schedules.store import SlotStore

# Without an index for the order, at most this many are read and sorted: 20 to 130 ms, see ADR 17.
MAX_SORTED = 10_000
# One filter with an index is counted so far: 30 ms.
MAX_COUNTED = 100_000
UNLIMITED = 10**9


@dataclass(frozen=True)
class SearchBookings:
    """Searches bookings."""

    bookings: BookingQuery
    slots: SlotStore
    index: SearchIndex

    def execute(self, criteria: BookingFilter, request: PageRequest) -> BookingListing:
        """Return a page of matches; raises ResultTooLargeToSort if many match and no index gives the order."""
        if not criteria.has_text or criteria.reference or criteria.email:
            return self._list(criteria, request)
        matches = self.index.newest_matches(criteria)
        if not matches.is_complete:
            return self._list_common(criteria, request, matches)
        return self._list(criteria.narrowed_to(matches.ids), request)

    def _list(self, criteria: BookingFilter, request: PageRequest) -> BookingListing:
        limit = _count_limit(criteria)
        total = self._total(criteria, limit)
        sorts = [by for by in SortField if total <= MAX_SORTED or is_indexed(by, criteria)]
        if request.by not in sorts:
            raise ResultTooLargeToSort
        is_exact = total <= limit
        return BookingListing(self.bookings.find(criteria, request), min(total, limit), is_exact, sorts)

    def _list_common(self, criteria: BookingFilter, request: PageRequest, matches: Matches) -> BookingListing:
        """Return a page of a search with many matches, and an estimate of their number."""
        sorts = [by for by in SortField if is_indexed(by, criteria)]
        if request.by not in sorts:
            raise ResultTooLargeToSort
        found = len(matches.ids)
        others = criteria.narrowed_to(matches.ids)
        if others != BookingFilter(ids=others.ids):
            found = self.bookings.count(others)
        total = max(found, round(found * self.bookings.estimated_count() / max(1, matches.covered)))
        if request.by is SortField.CREATED and not (criteria.date or criteria.country or criteria.slot_id):
            page = self._page_of_common(criteria, request, matches)
        else:
            page = self.bookings.find(criteria, request)
        return BookingListing(page, total, is_exact=False, sorts=sorts)

    def _page_of_common(self, criteria: BookingFilter, request: PageRequest, matches: Matches) -> Page[Booking]:
        needed = request.skip + request.limit + 1
        ids: list[str] = []
        if request.descending and request.after is None:
            ids.extend(self._filtered(criteria, matches.ids[: 2 * needed]))
        if len(ids) < needed:
            ids = self._walk(criteria, request, needed)
        page = Page.first_of(ids[request.skip : needed], request.limit, Cursor)
        return Page(self.bookings.get_in_order(page.items), page.next)

    def _walk(self, criteria: BookingFilter, request: PageRequest, needed: int) -> list[str]:
        after = request.after.id if request.after else ""
        ids: list[str] = []
        for batch in self.index.batches(criteria, after, descending=request.descending):
            ids.extend(self._filtered(criteria, batch))
            if len(ids) >= needed:
                break
        return ids

    def _filtered(self, criteria: BookingFilter, ids: Sequence[str]) -> Sequence[str]:
        if not criteria.status or not ids:
            return ids
        existing = self.bookings.existing_ids(criteria.narrowed_to(ids))
        return [id_ for id_ in ids if id_ in existing]

    def _total(self, criteria: BookingFilter, limit: int) -> int:
        """Return the number of matches up to `limit` + 1; slots hold the number of places of confirmed bookings."""
        if criteria.ids is not None and criteria == BookingFilter(ids=criteria.ids):
            return len(criteria.ids)
        confirmed = replace(criteria, status=Status.CONFIRMED)
        if confirmed != BookingFilter(status=Status.CONFIRMED) or criteria.status == Status.CANCELLED:
            return self.bookings.count(criteria, limit + 1)
        active = sum(slot.booked_count for slot in self.slots.all()) - self.bookings.further_seats()
        if criteria.status:
            return active
        return active + self.bookings.count(BookingFilter(status=Status.CANCELLED))


def _count_limit(criteria: BookingFilter) -> int:
    """Return how far matches are counted: one filter by its index alone, several by reading the bookings."""
    filters = [value for value in vars(criteria).values() if value]
    if not filters or criteria in (BookingFilter(status=status) for status in Status):
        return UNLIMITED
    return MAX_COUNTED if len(filters) == 1 else MAX_SORTED
