"""Queries of the booking list: pages, counts and rows in an order, through the index that gives it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from pymongo import ASCENDING, DESCENDING

from booking.mapping import (
    DEFAULT_PROJECTION,
    EXPORTED,
    SORTED_BY,
    hint_for,
    is_indexed,
    keyset_queries,
    query_for,
    to_booking,
    to_export_row,
)
from booking.model import Booking, BookingFilter, ExportRow, PageRequest, SortField
from booking.store import BOOKINGS, FURTHER_SEATS, PARTIES
from core.mongo.client import Db, Document
from core.pagination import Cursor, Page


class BookingQuery:
    """Reads of many bookings in MongoDB."""

    def __init__(self, db: Db) -> None:
        self._bookings = db[BOOKINGS.name]

    def find(self, wanted: BookingFilter, part: PageRequest) -> Page[Booking]:
        """Return a page of the bookings that match, in the requested order."""
        # The cursor holds the value that the page was sorted by, also if the booking has changed since.
        rows = Page.first_of(self._rows(wanted, part), part.limit, partial(_cursor_of, part.by))
        return Page(self.get_in_order([row["_id"] for row in rows.items]), rows.next)

    def ids_after(self, wanted: BookingFilter, last_id: str, limit: int) -> list[str]:
        """Return the newest ids beyond `last_id` of bookings that match, newest first, at most `limit`."""
        query = {"$and": [{"_id": {"$gt": last_id}}, query_for(wanted)]}
        found = self._bookings.find(query, {"_id": 1}).sort("_id", DESCENDING).hint("_id_").limit(limit)
        return [document["_id"] for document in found]

    def existing_ids(self, wanted: BookingFilter) -> set[str]:
        """Return those of the filter's ids that its other filters match."""
        return {document["_id"] for document in self._bookings.find(query_for(wanted), {"_id": 1})}

    def get_in_order(self, ids: Sequence[str]) -> list[Booking]:
        """Return the bookings with these ids in the order of the ids."""
        if not ids:
            return []
        documents = {row["_id"]: row for row in self._bookings.find({"_id": {"$in": ids}}, DEFAULT_PROJECTION)}
        return [to_booking(documents[id_]) for id_ in ids if id_ in documents]

    def count(self, wanted: BookingFilter, limit: int = 0) -> int:
        """Return the number of bookings that match, at most `limit` if it is not 0."""
        # The command count takes a quarter of the time of an aggregation; it needs no transaction here.
        command = {"count": self._bookings.name, "query": query_for(wanted), "limit": limit}
        return int(self._bookings.database.command(command)["n"])

    def further_seats(self) -> int:
        """Return the number of places of confirmed bookings after their first ones."""
        summing: list[Document] = [{"$match": PARTIES}, {"$group": {"_id": None, "n": {"$sum": FURTHER_SEATS}}}]
        return sum(row["n"] for row in self._bookings.aggregate(summing, hint="parties"))

    def estimated_count(self) -> int:
        """Return the number of all bookings from the collection's metadata."""
        return self._bookings.estimated_document_count()

    def stream(self, wanted: BookingFilter, by: SortField, *, descending: bool) -> Iterator[ExportRow]:
        """Yield all bookings that match in an order; without an index for it, the server sorts on disk."""
        index = hint_for(wanted, by) if is_indexed(by, wanted) else None
        found = self._bookings.find(query_for(wanted), EXPORTED, allow_disk_use=True).sort(_order(by, descending))
        with found.hint(index).batch_size(2000) as cursor:
            yield from map(to_export_row, cursor)

    def _rows(self, wanted: BookingFilter, part: PageRequest) -> list[Document]:
        """Return ids and sort values, which an index holds, of one more booking than requested."""
        query = query_for(wanted)
        field = SORTED_BY[part.by]
        index = hint_for(wanted, part.by if is_indexed(part.by, wanted) else SortField.CREATED)
        order = _order(part.by, part.descending)
        rows: list[Document] = []
        for where in keyset_queries(query, part):
            found = self._bookings.find(where, {"_id": 1, field: 1}).sort(order).skip(part.skip)
            rows += found.hint(index).limit(part.limit + 1 - len(rows))
            if len(rows) > part.limit:
                break
        return rows


def _order(by: SortField, descending: bool) -> list[tuple[str, int]]:  # noqa: FBT001  # as PageRequest has it
    direction = DESCENDING if descending else ASCENDING
    if by is SortField.CREATED:
        return [("_id", direction)]
    return [(SORTED_BY[by], direction), ("_id", -direction)]


def _cursor_of(by: SortField, row: Document) -> Cursor:
    if by is SortField.CREATED:
        return Cursor(row["_id"])
    return Cursor(row["_id"], row[SORTED_BY[by]], by)
