"""Store of the `slots` collection: idempotent upserts, queues, and changes under a guard."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pymongo import ASCENDING, IndexModel, ReturnDocument, UpdateOne
from pymongo.errors import BulkWriteError

from core.mongo.client import MAJORITY_READ, Db, Document
from core.mongo.failures import DUPLICATE_KEY
from core.mongo.schema import CollectionSchema
from core.mongo.transactions import Session, Update, bulk_update
from inventory.stock import Stock, StockFields, capacity_guard
from schedules.errors import CapacityBelowBooked, SlotNotFound
from schedules.model import MAX_WAITING, PlannedSlot, QueueChange, Slot, SlotChange

SCHEMA = CollectionSchema(
    name="slots",
    indexes=(IndexModel([("schedule", ASCENDING), ("date", ASCENDING), ("start", ASCENDING)], unique=True),),
    # The database itself refuses a write that would oversell a slot.
    validator={
        "$jsonSchema": {
            "required": ["schedule", "date", "capacity", "bookedCount"],
            "properties": {"capacity": {"bsonType": ["int", "long"]}, "bookedCount": {"bsonType": ["int", "long"]}},
        },
        "$expr": {
            "$and": [
                {"$lte": ["$bookedCount", "$capacity"]},
                {"$gte": ["$bookedCount", 0]},
                {"$gte": [{"$ifNull": ["$waiting", 0]}, 0]},
            ]
        },
    },
)
STOCK_FIELDS = StockFields(capacity="capacity", taken="bookedCount", closed="closed", saved="saved")
# The waiting list claims saved places too.
QUEUE_FIELDS = replace(STOCK_FIELDS, saved="")


class SlotStore:
    """Slots in MongoDB: made by idempotent upserts, claimed under a guard, released without one."""

    def __init__(self, db: Db) -> None:
        self._slots = db[SCHEMA.name]
        self.stock = Stock(self._slots, STOCK_FIELDS)
        self._lasting = self._slots.with_options(read_concern=MAJORITY_READ)

    def probe(self, session: Session) -> None:
        """Read anything within the caller's transaction."""
        self._slots.find_one({}, {"_id": 1}, session=session)

    def ensure(self, planned: Iterable[PlannedSlot]) -> None:
        """Insert the missing slots; concurrent calls are safe."""
        upserts = [UpdateOne({"_id": slot.id}, {"$setOnInsert": _new(slot)}, upsert=True) for slot in planned]
        try:
            self._slots.bulk_write(upserts, ordered=False)
        except BulkWriteError as error:
            # Another process made the same slot at the same moment: it exists, which is all that was wanted.
            if any(problem["code"] != DUPLICATE_KEY for problem in error.details["writeErrors"]):
                raise

    def on_date(self, schedule: str, date: str) -> list[Slot]:
        """Return the slots of `date` in order of start."""
        found = self._slots.find({"schedule": schedule, "date": date}).sort("start", ASCENDING)
        return list(map(_slot, found))

    def between(self, schedule: str, first: str, last: str) -> list[Slot]:
        """Return the schedule's slots in the database from the date `first` to `last`, both included."""
        found = self._slots.find({"schedule": schedule, "date": {"$gte": first, "$lte": last}})
        return list(map(_slot, found))

    def with_bookings(self, schedule: str) -> list[Slot]:
        """Return the slots with bookings, in order of date and start."""
        found = self._slots.find({"schedule": schedule, "bookedCount": {"$gt": 0}})
        return list(map(_slot, found.sort([("date", ASCENDING), ("start", ASCENDING)])))

    def all(self, session: Session | None = None) -> list[Slot]:
        """Return the slots of every schedule."""
        return list(map(_slot, self._slots.find(session=session)))

    def find(self, ids: Iterable[str]) -> dict[str, Slot]:
        """Return the existing slots with `ids` by id, as majority-committed."""
        return {document["_id"]: _slot(document) for document in self._lasting.find({"_id": {"$in": list(ids)}})}

    def last_queue_numbers(self, session: Session, slot_ids: Iterable[str]) -> list[tuple[Slot, int]]:
        """Return the slots with the last queue numbers of their waiting lists, within the caller's transaction."""
        found = self._slots.find({"_id": {"$in": list(slot_ids)}}, session=session)
        return [(_slot(document), document.get("lastTicket", 0)) for document in found]

    def join_queue(self, session: Session, joining: Mapping[str, Sequence[int]]) -> bool:
        """Append parties to waiting lists in the caller's transaction; `joining` are their sizes by slot id.

        Returns False if a party fits into its slot, or the slot is closed. The write conflicts with a transaction that
        frees a place.
        """
        updates: list[Update] = []
        for slot_id, parties in joining.items():
            count = len(parties)
            fits = self.stock.guard(min(parties))["$expr"]
            guard = {
                "closed": False,
                "$expr": {"$not": [fits]},
                "waiting": {"$not": {"$gt": MAX_WAITING - count}},
            }
            updates.append(({"_id": slot_id, **guard}, {"$inc": {"waiting": count, "lastTicket": count}}))
        return bulk_update(session, self._slots, updates) == len(updates)

    def with_waiting(self, session: Session, slot_ids: Iterable[str]) -> list[Slot]:
        """Return, within the caller's transaction, those of the slots with waiting guests or saved places."""
        queued = [{"waiting": {"$gt": 0}}, {"saved": {"$gt": 0}}]
        found = self._slots.find({"_id": {"$in": list(slot_ids)}, "$or": queued}, session=session)
        return [_slot(document) for document in found]

    def change_queues(self, session: Session, changes: Sequence[QueueChange]) -> None:
        """Take guests off the waiting lists, some of them with places, and save places for the others."""
        updates: list[Update] = []
        for change in changes:
            guard: Document = {}
            if change.seats:
                guard = capacity_guard(QUEUE_FIELDS, change.seats)
            update: Document = {"$inc": {"waiting": -change.leaving, "bookedCount": change.seats}}
            if change.saved is not None:
                update["$set"] = {"saved": change.saved}
            updates.append(({"_id": change.slot_id, **guard}, update))
        if bulk_update(session, self._slots, updates) < len(updates):
            raise SlotNotFound

    def get(self, session: Session, slot_id: str) -> Slot:
        """Return a slot within the caller's transaction; raises SlotNotFound."""
        return _found(self._slots.find_one({"_id": slot_id}, session=session))

    def update(self, session: Session, slot_id: str, change: SlotChange) -> Slot:
        """Change capacity or closing within the caller's transaction; raises CapacityBelowBooked, which ends it."""
        values: dict[str, Any] = {}
        guard: dict[str, Any] = {}
        if change.closed is not None:
            values["closed"] = change.closed
        if change.capacity is not None:
            values["capacity"] = change.capacity
            guard["bookedCount"] = {"$lte": change.capacity}
        try:
            return self._change(session, slot_id, guard, {"$set": values})
        except SlotNotFound:
            raise CapacityBelowBooked from None

    def _change(self, session: Session, slot_id: str, guard: Document, change: Document) -> Slot:
        document = self._slots.find_one_and_update(
            {"_id": slot_id, **guard}, change, return_document=ReturnDocument.AFTER, session=session
        )
        return _found(document)


def _found(document: Document | None) -> Slot:
    if document is None:
        raise SlotNotFound
    return _slot(document)


def _new(slot: PlannedSlot) -> Document:
    return {
        "schedule": slot.schedule,
        "date": slot.date,
        "day": slot.day,
        "start": slot.start,
        "end": slot.end,
        "label": slot.label,
        "capacity": slot.capacity,
        "bookedCount": 0,
        "closed": False,
        "waiting": 0,
    }


def _slot(document: Document) -> Slot:
    return Slot(
        id=document["_id"],
        date=document["date"],
        day=document["day"],
        start=document["start"],
        end=document["end"],
        label=document["label"],
        capacity=document["capacity"],
        booked_count=document["bookedCount"],
        closed=document["closed"],
        waiting=document.get("waiting", 0),
        saved=document.get("saved", 0),
    )
