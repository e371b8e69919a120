"""Database fixtures: the collections of a system are replaced before a round and counted after it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from pymongo import ReplaceOne

from booking.emails import EMAILS_PER_CONFIRMATION
from booking.store import DEFERRED
from core.mongo.client import Db
from core.mongo.schema import ignore_namespace_exists
from schedules.model import PlannedSlot

COLLECTIONS = (
    "slots", "bookings", "letters", "idempotency_keys", "waitlist", "events", "event_stock", "reservations",
    "holds", "orders", "tickets", "payment_events", "payment_throttle", "audit"
)  # fmt: skip
# A load has ended when the number of documents in these does not change.
COUNTED = ("bookings", "reservations", "holds", "orders", "tickets")
# A peer's driver may retry a transaction for two minutes.
SETTLE_TIMEOUT_SECONDS = 130.0
UNCHANGED_SECONDS = 0.5

Documents = list[dict[str, Any]]


@dataclass(frozen=True)
class StoredCounts:
    """The contents of a database after a round.

    `booked` is the sum of the slots' counters; `oversold` is the highest excess of a counter over its capacity.
    """

    bookings: int
    emails: int
    booked: int
    oversold: int


@dataclass(frozen=True)
class ChangeCounts:
    """The contents of a database after a round of changes.

    `bookings` are all, `moved` the confirmed ones that were moved. `entries` are all of the waiting lists, `promoted`
    and `waiting` those with this state. `idle_places` counts slots with free places and waiting guests.
    """

    bookings: int
    confirmed: int
    cancelled: int
    moved: int
    entries: int
    promoted: int
    waiting: int
    emails: int
    booked: int
    oversold: int
    idle_places: int


@dataclass(frozen=True)
class CollectionDefinition:
    """The options and secondary indexes of a collection, as the server lists them."""

    options: dict[str, Any]
    indexes: Documents


@dataclass
class SystemDatabase:
    """The collections of one system."""

    db: Db
    _definitions: dict[str, CollectionDefinition] = field(default_factory=dict)

    def record_collections(self) -> None:
        """Record the options and indexes that the system gives its collections at start-up.

        Returns when two readings are equal, because a peer creates indexes while it already answers.
        """
        before: dict[str, CollectionDefinition] | None = None
        while before != self._definitions:
            before = dict(self._definitions)
            self._read_definitions()
            time.sleep(UNCHANGED_SECONDS)

    def reset(self, slots: Documents) -> None:
        """Recreate every collection empty, with its options and indexes, and insert `slots`.

        Deleting the documents of a large collection would take longer than the round, and leave a fragmented file.
        """
        for name, definition in self._definitions.items():
            self.db.drop_collection(name)
            # A worker of the system that is still starting may have created it at the same moment.
            with ignore_namespace_exists():
                self.db.create_collection(name, **definition.options)
            if definition.indexes:
                self.db.command({"createIndexes": name, "indexes": definition.indexes})
        # A late request may have inserted a slot meanwhile.
        self.db.slots.bulk_write([ReplaceOne({"_id": slot["_id"]}, slot, upsert=True) for slot in slots])
        self.flush()

    @contextmanager
    def indexes_dropped(self, collection: str) -> Iterator[None]:
        """Drop the secondary indexes of an empty collection, and build them at the end of the block."""
        indexes = self._definitions[collection].indexes
        is_empty = self.db[collection].find_one() is None
        if is_empty:
            self.db[collection].drop_indexes()
        yield
        if is_empty and indexes:
            self.db.command({"createIndexes": collection, "indexes": indexes})

    def flush(self) -> None:
        """Write all data to disk, so that no round pays for the writes of the round before it."""
        self.db.client.admin.command("fsync")

    def count(self) -> StoredCounts:
        """Count the stored documents after all writes have ended."""
        self.wait_until_settled()
        excess = {"$subtract": ["$bookedCount", "$capacity"]}
        group = {"_id": None, "booked": {"$sum": "$bookedCount"}, "oversold": {"$max": excess}}
        row = next(self.db.slots.aggregate([{"$group": group}]))
        # The service's worker writes the e-mails of these later. Peers have none.
        deferred = self.db.bookings.count_documents(DEFERRED)
        return StoredCounts(
            bookings=self.db.bookings.count_documents({}),
            emails=self.db.letters.count_documents({}) + EMAILS_PER_CONFIRMATION * deferred,
            booked=row["booked"],
            oversold=row["oversold"],
        )

    def count_changes(self) -> ChangeCounts:
        """Count the stored documents after all writes of a round of changes have ended."""
        totals = self.count()
        bookings = self.db.bookings
        entries = self.db.waitlist
        has_free_place = {"$lt": ["$bookedCount", "$capacity"]}
        return ChangeCounts(
            bookings=totals.bookings,
            confirmed=bookings.count_documents({"status": "confirmed"}),
            cancelled=bookings.count_documents({"status": "cancelled"}),
            moved=bookings.count_documents({"status": "confirmed", "sequence": {"$gt": 0}}),
            entries=entries.count_documents({}),
            promoted=entries.count_documents({"state": "promoted"}),
            waiting=entries.count_documents({"state": "waiting"}),
            emails=totals.emails,
            booked=totals.booked,
            oversold=totals.oversold,
            idle_places=self.db.slots.count_documents({"waiting": {"$gt": 0}, "$expr": has_free_place}),
        )

    def _read_definitions(self) -> None:
        for found in self.db.list_collections(filter={"name": {"$in": list(COLLECTIONS)}}):
            name = found["name"]
            indexes = [dict(index) for index in self.db[name].list_indexes() if index["name"] != "_id_"]
            self._definitions[name] = CollectionDefinition(found.get("options", {}), indexes)

    def wait_until_settled(self) -> None:
        """Return when no write has ended for a while and no transaction is open, or after a time-out."""
        deadline = time.monotonic() + SETTLE_TIMEOUT_SECONDS
        unchanged_since = time.monotonic()
        last = -1
        while time.monotonic() < deadline and time.monotonic() - unchanged_since < UNCHANGED_SECONDS:
            documents = sum(self.db[name].estimated_document_count() for name in COUNTED)
            open_transactions = self.db.client.admin.command("serverStatus")["transactions"]["currentOpen"]
            if documents != last or open_transactions:
                last = documents
                unchanged_since = time.monotonic()
            time.sleep(0.1)


def slot_documents(slots: Iterable[PlannedSlot], capacity: int, *, with_schedule: bool) -> Documents:
    """Return unbooked slots as documents; the service's have the schedule's id and day, the peers' do not."""
    documents = []
    for slot in slots:
        document = _slot_document(slot, capacity)
        if with_schedule:
            document |= {"schedule": slot.schedule, "day": slot.day}
        documents.append(document)
    return documents


def slot_lines(slots: Sequence[PlannedSlot]) -> str:
    """Return the slots as the load generators read them, one `<id> <date>` a line."""
    return "".join(f"{slot.id} {slot.date}\n" for slot in slots)


def _slot_document(slot: PlannedSlot, capacity: int) -> dict[str, Any]:
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
