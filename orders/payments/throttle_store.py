"""The `payment_throttle` collection: one row with the time of the provider's next payment, which all workers share."""

from __future__ import annotations

from datetime import datetime, timedelta

from pymongo import ReturnDocument

from core.concurrency.single_flight import single_flight_read
from core.mongo.client import MAJORITY_READ, Db
from core.mongo.schema import CollectionSchema

SCHEMA = CollectionSchema(name="payment_throttle", indexes=())
ROW = "payments"


class PaymentThrottle:
    """Turns at the provider: at most `rate` a second, or any number if it is 0; none while the provider is paused."""

    def __init__(self, db: Db, rate: float) -> None:
        self._rows = db[SCHEMA.name].with_options(read_concern=MAJORITY_READ)
        self.rate = rate
        self._interval = _milliseconds(rate)
        self._next_turn_shared = single_flight_read(self._read_next_turn)

    def reserve(self, now: datetime, max_wait: timedelta) -> datetime | None:
        """Reserve the next turn; return its time, or None if it is more than `max_wait` away."""
        if not self._interval:
            return self._unlimited_turn(now, max_wait)
        turn = self._reserve(now, max_wait)
        if turn is None:
            # Without a row several find none at once, and one of them inserts it: each asks again.
            self._rows.update_one({"_id": ROW}, {"$setOnInsert": {"nextAt": now}}, upsert=True)
            turn = self._reserve(now, max_wait)
        return turn

    def pause(self, until: datetime) -> None:
        """Give no turn before `until`."""
        self._rows.update_one({"_id": ROW}, {"$max": {"nextAt": until}}, upsert=True)

    def duration_of(self, count: int) -> timedelta:
        """Return the time between a payment and the one `count` later."""
        return timedelta(milliseconds=count * self._interval)

    def is_open(self, now: datetime) -> bool:
        """Return whether every payment has its turn at once: there is no rate, and the provider is not paused."""
        if self._interval:
            return False
        return self._unlimited_turn(now, max_wait=timedelta(0)) is not None

    def next_turn(self) -> datetime | None:
        """Return the time of the next turn, or None if there was none yet. Concurrent calls share a read."""
        return self._next_turn_shared(ROW)

    def _read_next_turn(self, row: str) -> datetime | None:
        found = self._rows.find_one({"_id": row})
        if found is None:
            return None
        next_at: datetime = found["nextAt"]
        return next_at

    def _unlimited_turn(self, now: datetime, max_wait: timedelta) -> datetime | None:
        """Return the time of a turn that only a pause of the provider delays. It writes nothing."""
        turn = max(self.next_turn() or now, now)
        if turn > now + max_wait:
            return None
        return turn

    def _reserve(self, now: datetime, max_wait: timedelta) -> datetime | None:
        turn = {"$max": ["$nextAt", now]}
        found = self._rows.find_one_and_update(
            {"_id": ROW, "nextAt": {"$lte": now + max_wait}},
            [{"$set": {"nextAt": {"$add": [turn, self._interval]}}}],
            return_document=ReturnDocument.BEFORE,
        )
        if found is None:
            return None
        turn_at: datetime = max(found["nextAt"], now)
        return turn_at


def _milliseconds(rate: float) -> int:
    """Return the time between two turns, rounded up."""
    if not rate:
        return 0
    return -int(-1000 // rate)
