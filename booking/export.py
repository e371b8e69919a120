"""Export of all bookings that match, in the order of the list."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from booking.model import BookingFilter, ExportRow, PageRequest
from booking.query import BookingQuery
from booking.search.index import SearchIndex


@dataclass(frozen=True)
class ExportBookings:
    """Exports bookings."""

    bookings: BookingQuery
    index: SearchIndex

    def execute(self, criteria: BookingFilter, request: PageRequest) -> Iterator[ExportRow]:
        """Yield the rows; a common text is compared with each booking, which one pass over all of them needs anyway."""
        if criteria.has_text:
            matches = self.index.newest_matches(criteria)
            if matches.is_complete:
                criteria = criteria.narrowed_to(matches.ids)
        return self.bookings.stream(criteria, request.by, descending=request.descending)
