"""Bookings whose confirmation e-mails are deferred: found, counted and written by a small partial index."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from booking.mapping import DEFAULT_PROJECTION, to_booking
from booking.model import Booking
from booking.store import BOOKINGS, BY_DEFERRED, DEFERRED, UNSET_DEFERRED
from core.mongo.client import Db, Document
from core.mongo.transactions import Session, bulk_update

OLDEST_FIRST = 1
NEWEST_FIRST = -1


class DeferredStore:
    """Marks of deferred confirmations in the bookings of `db`."""

    def __init__(self, db: Db) -> None:
        self._bookings = db[BOOKINGS.name]

    def oldest(self, limit: int) -> list[Booking]:
        """Return up to `limit` bookings with a mark, oldest first."""
        found = self._bookings.find(DEFERRED, DEFAULT_PROJECTION).sort("_id", OLDEST_FIRST).hint(BY_DEFERRED)
        return list(map(to_booking, found.limit(limit)))

    def clear(self, session: Session, booking_ids: Sequence[str]) -> int:
        """Remove the marks of bookings within the caller's transaction; return how many had one."""
        wanted = {"_id": {"$in": list(booking_ids)}, **DEFERRED}
        return bulk_update(session, self._bookings, [(wanted, {"$unset": UNSET_DEFERRED})])

    def drop(self, booking_ids: Sequence[str]) -> int:
        """Remove the marks of bookings; return how many had one."""
        wanted = {"_id": {"$in": list(booking_ids)}, **DEFERRED}
        return self._bookings.update_many(wanted, {"$unset": UNSET_DEFERRED}).modified_count

    def find(self, booking_id: str) -> Booking | None:
        """Return a booking if it has a mark."""
        document = self._bookings.find_one({"_id": booking_id, **DEFERRED}, DEFAULT_PROJECTION)
        return to_booking(document) if document else None

    def newest(self, limit: int, before: tuple[datetime, str] | None) -> list[Booking]:
        """Return up to `limit` bookings with a mark, newest first, from creation time and id `before` on."""
        query: Document = dict(DEFERRED)
        if before:
            created_at, id_ = before
            same_time = {"createdAt": created_at, "_id": {"$lte": id_}}
            query["$or"] = [{"createdAt": {"$lt": created_at}}, same_time]
        found = self._bookings.find(query, DEFAULT_PROJECTION).sort("_id", NEWEST_FIRST).hint(BY_DEFERRED)
        return list(map(to_booking, found.limit(limit)))

    def oldest_time(self) -> datetime | None:
        """Return the creation time of the oldest booking with a mark."""
        found = self._bookings.find(DEFERRED, {"createdAt": 1}).sort("_id", OLDEST_FIRST).hint(BY_DEFERRED)
        for document in found.limit(1):
            created_at: datetime = document["createdAt"]
            return created_at
        return None

    def count(self) -> int:
        """Return the number of bookings with a mark."""
        return self._bookings.count_documents(DEFERRED, hint=BY_DEFERRED)
