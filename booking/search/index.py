"""Text search of bookings: ids from the search segments, and from the bookings that no segment covers yet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from booking.model import BookingFilter
from booking.query import BookingQuery
from booking.search.segments import Scope, Segment, SegmentStore
from booking.search.terms import terms_of

# A search with more matches, or segments with matches, is common: a page is found early, and the total is estimated.
MAX_MATCHES = 10_000
MAX_SEGMENTS = 128


@dataclass(frozen=True)
class Matches:
    """Ids of the newest matches, newest first; `covered` is the number of newest bookings they are from."""

    ids: Sequence[str]
    is_complete: bool
    covered: int = 0


@dataclass(frozen=True)
class SearchIndex:
    """Finds the bookings that contain text."""

    segments: SegmentStore
    bookings: BookingQuery

    def newest_matches(self, wanted: BookingFilter) -> Matches:
        """Return all matches, or if they are many, those of the newest bookings."""
        terms = terms_of(wanted)
        last_end = self.segments.last_end()
        ids = self._unindexed(wanted, last_end, MAX_MATCHES + 1)
        if len(ids) > MAX_MATCHES:
            return Matches(ids, is_complete=False, covered=self._unindexed_count())
        for number, segment in enumerate(self.segments.find(terms, Scope(last_end)), 1):
            ids.extend(reversed(segment.matches))
            if number > MAX_SEGMENTS or len(ids) > MAX_MATCHES:
                return Matches(ids, is_complete=False, covered=self._covered(last_end, segment))
        return Matches(ids, is_complete=True)

    def batches(self, wanted: BookingFilter, after: str, *, descending: bool) -> Iterator[Sequence[str]]:
        """Yield the ids of all matches beyond `after` in order, a segment's at a time."""
        last_end = self.segments.last_end()
        unindexed = self._unindexed(wanted, last_end)
        if descending:
            yield _beyond(unindexed, after, descending=True)
        for segment in self.segments.find(terms_of(wanted), Scope(last_end, after, descending)):
            ids = segment.matches[::-1] if descending else segment.matches
            yield _beyond(ids, after, descending=descending)
        if not descending:
            yield _beyond(unindexed[::-1], after, descending=False)

    def _unindexed(self, wanted: BookingFilter, last_end: str, limit: int = 0) -> list[str]:
        return self.bookings.ids_after(wanted.text_only(), last_end, limit)

    def _unindexed_count(self) -> int:
        return max(0, self.bookings.estimated_count() - self.segments.count() * self.segments.size)

    def _covered(self, last_end: str, segment: Segment) -> int:
        newer = self.segments.count_between(segment.start, last_end)
        return self._unindexed_count() + newer * self.segments.size


def _beyond(ids: Sequence[str], after: str, *, descending: bool) -> Sequence[str]:
    if not after:
        return ids
    if descending:
        return [id_ for id_ in ids if id_ < after]
    return [id_ for id_ in ids if id_ > after]
