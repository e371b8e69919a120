"""Reservations with due e-mails: found, counted and marked as written by a partial index."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from core.mongo.client import Db, Document
from core.mongo.transactions import Session, Update, bulk_update
from orders.reservations.model import Reservation
from orders.reservations.store import (
    BY_DUE_EMAILS,
    COUNT_OF_DUE_EMAILS,
    DUE_BITS,
    SCHEMA,
    WITH_DUE_EMAILS,
    due_bits,
    to_reservation,
)

CLEARED = {"$unset": {"dueEmails": ""}}
OLDEST_FIRST = 1
NEWEST_FIRST = -1


class DeferredStore:
    """Marks of deferred e-mails in the reservations of `db`."""

    def __init__(self, db: Db) -> None:
        self._reservations = db[SCHEMA.name]

    def oldest(self, limit: int) -> list[Reservation]:
        """Return up to `limit` reservations with a mark, the one that changed first before the others."""
        found = self._reservations.find(WITH_DUE_EMAILS).hint(BY_DUE_EMAILS)
        ordered = found.sort([("updatedAt", OLDEST_FIRST), ("_id", OLDEST_FIRST)])
        return list(map(to_reservation, ordered.limit(limit)))

    def clear(self, session: Session, reservations: Sequence[Reservation]) -> int:
        """Remove the marks within the caller's transaction, where they are as given; return how many were."""
        updates: list[Update] = [({"_id": each.id, "dueEmails": due_bits(each)}, CLEARED) for each in reservations]
        return bulk_update(session, self._reservations, updates)

    def drop(self, reservation_ids: Sequence[str]) -> int:
        """Remove the marks of reservations; return how many e-mails these were."""
        query = {"_id": {"$in": list(reservation_ids)}, **WITH_DUE_EMAILS}
        marked = map(to_reservation, self._reservations.find(query))
        dropped = sum(len(reservation.due_emails) for reservation in marked)
        self._reservations.update_many(query, CLEARED)
        return dropped

    def find(self, reservation_id: str) -> Reservation | None:
        """Return a reservation if it has a mark."""
        document = self._reservations.find_one({"_id": reservation_id, **WITH_DUE_EMAILS})
        return to_reservation(document) if document else None

    def newest(self, limit: int, before: tuple[datetime, str] | None) -> list[Reservation]:
        """Return up to `limit` reservations with a mark, newest first, from time and id `before` on."""
        query: Document = dict(WITH_DUE_EMAILS)
        if before:
            changed_at, id_ = before
            query["$or"] = [{"updatedAt": {"$lt": changed_at}}, {"updatedAt": changed_at, "_id": {"$lte": id_}}]
        found = self._reservations.find(query).hint(BY_DUE_EMAILS)
        ordered = found.sort([("updatedAt", NEWEST_FIRST), ("_id", NEWEST_FIRST)])
        return list(map(to_reservation, ordered.limit(limit)))

    def oldest_time(self) -> datetime | None:
        """Return when the reservation that has had a mark for the longest time changed."""
        for reservation in self.oldest(1):
            return reservation.updated_at
        return None

    def count(self) -> int:
        """Return the number of deferred e-mails, from the index alone."""
        count = 0
        for bits in range(1, sum(DUE_BITS.values()) + 1):
            marked = self._reservations.count_documents({"dueEmails": bits}, hint=COUNT_OF_DUE_EMAILS)
            count += marked * bits.bit_count()
        return count
