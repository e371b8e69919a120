"""The `payment_pace` collection: one row with the time of the provider's next payment, which all workers share."""

from __future__ import annotations

from datetime import datetime, timedelta

from pymongo import ReturnDocument

from core.mongo.client import MAJORITY_READ, Db
from core.mongo.schema import CollectionSchema

SCHEMA = CollectionSchema(name="payment_pace", indexes=())
ROW = "payments"


class PaymentPace:
    """Turns at the provider: at most `rate` a second, or any number if it is 0; none while the provider is paused."""

    def __init__(self, db: Db, rate: float) -> None:
        self._paces = db[SCHEMA.name].with_options(read_concern=MAJORITY_READ)
        self.rate = rate
        self._interval = _milliseconds(rate)

    def take(self, now: datetime, patience: timedelta) -> datetime | None:
        """Reserve the next turn; return its time, or None if it is more than `patience` away."""
        turn = {"$max": ["$nextAt", now]}
        found = self._paces.find_one_and_update(
            {"_id": ROW, "nextAt": {"$lte": now + patience}},
            [{"$set": {"nextAt": {"$add": [turn, self._interval]}}}],
            return_document=ReturnDocument.BEFORE,
        )
        if found:
            turn_at: datetime = max(found["nextAt"], now)
            return turn_at
        first = self._paces.update_one({"_id": ROW}, {"$setOnInsert": {"nextAt": now}}, upsert=True)
        if first.upserted_id:
            return self.take(now, patience)
        return None

    def pause(self, until: datetime) -> None:
        """Give no turn before `until`."""
        self._paces.update_one({"_id": ROW}, {"$max": {"nextAt": until}}, upsert=True)

    def next_turn(self) -> datetime | None:
        """Return the time of the next turn, or None if there was none yet."""
        found = self._paces.find_one({"_id": ROW})
        if found is None:
            return None
        next_at: datetime = found["nextAt"]
        return next_at


def _milliseconds(rate: float) -> int:
    """Return the time between two turns, rounded up."""
    if not rate:
        return 0
    return -int(-1000 // rate)
