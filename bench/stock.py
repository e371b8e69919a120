"""What a contender has in its database: emptied and filled before a round, counted after it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.mongo.client import Db
from core.mongo.schema import ignore_namespace_exists
from schedules.model import PlannedSlot

COLLECTIONS = ("slots", "bookings", "letters", "idempotency_keys")
SETTLE_SECONDS = 130.0  # a transaction of the textbooks may be tried again for two minutes
STILL_SECONDS = 0.5

Documents = list[dict[str, Any]]


@dataclass(frozen=True)
class Count:
    """What a database holds after a round."""

    bookings: int
    letters: int
    places_taken: int
    most_over: int


@dataclass
class Stock:
    """The collections of one contender."""

    db: Db
    _plans: dict[str, tuple[dict[str, Any], Documents]] = field(default_factory=dict)

    def remember(self) -> None:
        """Keep the options and indexes that the contender gives its collections when it starts, all of them."""
        before = None
        while before != self._plans or before is None:
            before = dict(self._plans)
            self._look()
            time.sleep(STILL_SECONDS)

    def _look(self) -> None:
        for found in self.db.list_collections(filter={"name": {"$in": list(COLLECTIONS)}}):
            name = found["name"]
            indexes = [dict(index) for index in self.db[name].list_indexes() if index["name"] != "_id_"]
            self._plans[name] = (found.get("options", {}), indexes)

    def renew(self, slots: Documents) -> None:
        """Make every collection anew, empty, as the contender made it, and insert `slots`.

        Emptying a large collection would take longer than the round that filled it, and leave its traces.
        """
        for name, (options, indexes) in self._plans.items():
            self.db.drop_collection(name)
            # A worker of the contender that is still starting may have made it that very moment.
            with ignore_namespace_exists():
                self.db.create_collection(name, **options)
            if indexes:
                self.db.command({"createIndexes": name, "indexes": indexes})
        self.db.slots.insert_many(slots)
        self.flush()

    def flush(self) -> None:
        """Write everything to disk now, so that no round pays for the one before it."""
        self.db.client.admin.command("fsync")

    def count(self) -> Count:
        """Count, once nothing changes any more."""
        self._settle()
        sums = {"taken": {"$sum": "$bookedCount"}, "over": {"$max": {"$subtract": ["$bookedCount", "$capacity"]}}}
        row = next(self.db.slots.aggregate([{"$group": {"_id": None, **sums}}]))
        return Count(
            bookings=self.db.bookings.count_documents({}),
            letters=self.db.letters.count_documents({}),
            places_taken=row["taken"],
            most_over=row["over"],
        )

    def _settle(self) -> None:
        end, still_since, last = time.monotonic() + SETTLE_SECONDS, time.monotonic(), -1
        while time.monotonic() < end and time.monotonic() - still_since < STILL_SECONDS:
            now = self.db.bookings.estimated_document_count()
            open_now = self.db.client.admin.command("serverStatus")["transactions"]["currentOpen"]
            if now != last or open_now:
                last, still_since = now, time.monotonic()
            time.sleep(0.1)


def slot_documents(planned: Iterable[PlannedSlot], capacity: int, *, product: bool) -> Documents:
    """Return the slots as the product keeps them, or as the textbooks do."""
    return [
        _slot(slot, capacity) | ({"schedule": slot.schedule, "day": slot.day} if product else {}) for slot in planned
    ]


def slot_lines(planned: Sequence[PlannedSlot]) -> str:
    """Return the slots as the loads read them, a line each."""
    return "".join(f"{slot.id} {slot.date}\n" for slot in planned)


def _slot(slot: PlannedSlot, capacity: int) -> dict[str, Any]:
    return {
        "_id": slot.id,
        "date": slot.date,
        "start": slot.start,
        "end": slot.end,
        "label": slot.label,
        "capacity": capacity,
        "bookedCount": 0,
        "closed": False,
    }
