"""Idempotency keys of bookings: a field of the booking that the request made, removed when the key has expired.

Older versions wrote keys to the collection `idempotency_keys`. They count until they expire; the server deletes them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from booking.mapping import key_of, to_booking
from booking.model import Booking
from booking.store import BOOKINGS, BY_KEY
from core.concurrency.ttl_cache import TTLCache
from core.idempotency import KEY_LIFETIME, IdempotencyKey
from core.ids import id_lower_bound
from core.mongo.client import MAJORITY_READ, Db, Document
from core.mongo.transactions import Session

FORMER_KEYS = "idempotency_keys"
# A process looks for keys of older versions as long as their collection was not empty this many seconds ago.
FORMER_KEYS_TTL = 60.0
KEYED = {"idempotencyKey.id": {"$exists": True}}
UNSET_KEY = {"$unset": {"idempotencyKey": ""}}
Keys = dict[str, IdempotencyKey]
Bookings = dict[str, Booking]


class IdempotencyStore:
    """Idempotency keys in the bookings of `db`."""

    def __init__(self, db: Db) -> None:
        self._bookings = db[BOOKINGS.name]
        self._lasting = self._bookings.with_options(read_concern=MAJORITY_READ)
        self._former = db[FORMER_KEYS]
        self._count_former = TTLCache(self._count, FORMER_KEYS_TTL)
        # Keys of bookings with smaller ids were removed by this process.
        self._swept_to = ""

    def find(self, ids: Iterable[str], now: datetime) -> tuple[Keys, Bookings]:
        """Return the majority-committed keys that still count, and the bookings that they made, both by id.

        Those that have expired are removed.
        """
        wanted = list(ids)
        documents = list(self._lasting.find({"idempotencyKey.id": {"$in": wanted}}).hint(BY_KEY))
        bookings = {document["_id"]: to_booking(document) for document in documents}
        keys = list(map(key_of, documents))
        if self.has_former_keys():
            former = self._find_former(wanted)
            keys += former
            made = {"_id": {"$in": [key.result_id for key in former]}}
            bookings |= {document["_id"]: to_booking(document) for document in self._lasting.find(made)}
        expired = [key.id for key in keys if key.is_expired(now)]
        if expired:
            self._remove(expired, now)
        return {key.id: key for key in keys if not key.is_expired(now)}, bookings

    def has_former_keys(self) -> bool:
        """Return whether older versions wrote keys that may still count."""
        return self._count_former(FORMER_KEYS) > 0

    def has_former(self, session: Session, keys: Sequence[IdempotencyKey]) -> bool:
        """Return, within the caller's transaction, whether an older version wrote one of `keys`."""
        if not keys or not self.has_former_keys():
            return False
        query = {"_id": {"$in": [key.id for key in keys]}}
        return self._former.find_one(query, {"_id": 1}, session=session) is not None

    def delete_former(self, booking_ids: Sequence[str]) -> None:
        """Delete the keys of older versions that made these bookings; reads the whole collection."""
        if self.has_former_keys():
            self._former.delete_many({"bookingId": {"$in": list(booking_ids)}})

    def sweep(self, now: datetime) -> int:
        """Remove the expired keys from their bookings; return how many. The bookings stay.

        Ids begin with the creation time, as expiry does: after the first sweep only the bookings of a range are read.
        """
        end = id_lower_bound(now - KEY_LIFETIME)
        query: Document = {"_id": {"$gte": self._swept_to, "$lt": end}, **KEYED}
        index = "_id_" if self._swept_to else BY_KEY
        swept = self._bookings.update_many(query, UNSET_KEY, hint=index).modified_count
        self._swept_to = end
        return swept

    def _count(self, _name: str) -> int:
        return self._former.estimated_document_count()

    def _find_former(self, ids: Sequence[str]) -> list[IdempotencyKey]:
        rows = self._former.with_options(read_concern=MAJORITY_READ).find({"_id": {"$in": list(ids)}})
        return [IdempotencyKey(row["_id"], row["fingerprint"], row["bookingId"], row["expiresAt"]) for row in rows]

    def _remove(self, ids: Sequence[str], now: datetime) -> None:
        expired = {"idempotencyKey.id": {"$in": list(ids)}, "idempotencyKey.expiresAt": {"$lte": now}}
        self._bookings.update_many(expired, UNSET_KEY, hint=BY_KEY)
        if self.has_former_keys():
            self._former.delete_many({"_id": {"$in": list(ids)}, "expiresAt": {"$lte": now}})
