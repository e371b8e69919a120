"""Store of events and of the stock of their tickets; the database itself refuses a write that would oversell."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from pymongo import ASCENDING, IndexModel

from core.concurrency.single_flight import batched_read
from core.concurrency.ttl_cache import TTLCache
from core.mongo.client import MAJORITY_READ, Db, Document
from core.mongo.schema import CollectionSchema
from core.mongo.transactions import Session, Update, bulk_update, insert
from events.errors import CapacityBelowTaken, ChangedMeanwhile, EventHasSales, EventNotFound, TierNotFound
from events.mapping import (
    event_fields,
    stock_settings,
    to_event,
    to_event_document,
    to_stock,
    to_stock_document,
)
from events.model import Event, EventStatus, StockKind, TicketStock
from inventory.stock import Stock, StockFields, runs_by_count

# How long a tier's event id is known without a read.
TIER_TTL_SECONDS = 60.0


def _order_by(field: str, name: str) -> IndexModel:
    keys = [("status", ASCENDING), (field, ASCENDING), ("_id", ASCENDING), ("search", ASCENDING)]
    return IndexModel(keys, name=name)


EVENTS = CollectionSchema(
    name="events",
    # Each index gives an order of the listing. It ends with the searched text, so that a search reads keys only.
    indexes=(
        _order_by("date", "by_date"),
        _order_by("titleKey", "by_title"),
        _order_by("priceKey", "by_price"),
        _order_by("lowestPriceKey", "by_lowest_price"),
        IndexModel([("status", ASCENDING), ("_id", ASCENDING), ("search", ASCENDING)], name="by_id"),
    ),
    validator={"$jsonSchema": {"required": ["title", "date", "currency", "status", "tierIds", "createdAt"]}},
)
STOCK = CollectionSchema(
    name="event_stock",
    indexes=(IndexModel([("eventId", ASCENDING)]),),
    validator={
        "$jsonSchema": {
            "required": ["eventId", "kind", "capacity", "taken", "held", "closed"],
            "properties": {
                "capacity": {"bsonType": ["int", "long"]},
                "taken": {"bsonType": ["int", "long"]},
                "held": {"bsonType": ["int", "long"]},
                "price": {"bsonType": ["int", "long"]},
            },
        },
        # Held tickets are also taken; a release lowers the two counts one after the other in its transaction.
        "$expr": {
            "$and": [
                {"$lte": ["$taken", "$capacity"]},
                {"$gte": ["$held", 0]},
            ]
        },
    },
)
SCHEMAS = (EVENTS, STOCK)
STOCK_FIELDS = StockFields(capacity="capacity", taken="taken", closed="closed")


class EventStore:
    """Events in MongoDB. An event's document has what is said about it, its stock rows the counts and the prices."""

    def __init__(self, db: Db) -> None:
        self._events = db[EVENTS.name]
        self._rows = db[STOCK.name]
        self._committed_rows = self._rows.with_options(read_concern=MAJORITY_READ)
        self.stock = Stock(self._rows, STOCK_FIELDS)
        self._get_shared = batched_read(self.get_many)
        self._read_event_id = batched_read(self._event_ids)
        # A tier never changes its event.
        self.event_id_of = TTLCache(self._known_event_id, TIER_TTL_SECONDS, batched=True)

    def insert(self, session: Session, event: Event) -> None:
        """Insert `event` with its stock rows within the caller's transaction."""
        insert(session, self._events, [to_event_document(event)])
        self._insert_stock(session, event.stock)

    def update(self, session: Session, before: Event, after: Event) -> None:
        """Store what has changed of an event within the caller's transaction; the counts of its stock stay.

        Raises CapacityBelowTaken, which ends it, and ChangedMeanwhile if `before` is not the stored version.
        """
        stored = {"_id": before.id, "version": before.version}
        if not bulk_update(session, self._events, [(stored, {"$set": event_fields(after)})]):
            raise ChangedMeanwhile
        known = {stock.id for stock in before.stock}
        changes: list[Update] = []
        for stock in after.stock:
            if stock.id in known:
                where = {"_id": stock.id, "taken": {"$lte": stock.capacity}}
                changes.append((where, {"$set": stock_settings(stock)}))
        if bulk_update(session, self._rows, changes) < len(changes):
            raise CapacityBelowTaken
        self._insert_stock(session, [stock for stock in after.stock if stock.id not in known])
        self._delete_stock(session, known - {stock.id for stock in after.stock})

    def delete(self, session: Session, event: Event) -> None:
        """Delete an event with its stock within the caller's transaction; raises EventHasSales, which ends it."""
        self._delete_stock(session, {stock.id for stock in event.stock})
        self._events.delete_one({"_id": event.id}, session=session)

    def _insert_stock(self, session: Session, stock: Sequence[TicketStock]) -> None:
        if stock:
            insert(session, self._rows, list(map(to_stock_document, stock)))

    def _delete_stock(self, session: Session, stock_ids: Collection[str]) -> None:
        unused = {"_id": {"$in": sorted(stock_ids)}, "taken": 0, "waiting": {"$not": {"$gt": 0}}}
        if stock_ids and self._rows.delete_many(unused, session=session).deleted_count < len(stock_ids):
            raise EventHasSales

    def exist(self) -> bool:
        """Return whether there is any event."""
        return self._events.find_one({}, {"_id": 1}) is not None

    def get(self, event_id: str, session: Session | None = None) -> Event:
        """Return an event in any state; raises EventNotFound. Concurrent calls without a session share a read."""
        event = self._get_shared(event_id) if session is None else self.get_many([event_id], session).get(event_id)
        if event is None:
            raise EventNotFound
        return event

    def get_many(self, event_ids: Iterable[str], session: Session | None = None) -> dict[str, Event]:
        """Return events in any state by id."""
        documents = list(self._events.find({"_id": {"$in": list(event_ids)}}, session=session))
        return {event.id: event for event in self.with_stock(documents, session)}

    def statuses(self, session: Session | None, event_ids: Collection[str]) -> set[EventStatus]:
        """Return the states of some events, as the transaction sees them if one is given; a deleted one has none."""
        found = self._events.find({"_id": {"$in": list(event_ids)}}, {"status": 1}, session=session)
        return {EventStatus(document["status"]) for document in found}

    def of_tier(self, tier_id: str) -> Event:
        """Return the event of a tier; raises TierNotFound."""
        event = self._get_shared(self.event_id_of(tier_id))
        if event is None:
            raise TierNotFound
        return event

    def of_tiers(self, tier_ids: Iterable[str]) -> list[Event]:
        """Return the events of the tiers; raises TierNotFound. Concurrent calls for one event share a read."""
        event_ids = {self.event_id_of(tier_id) for tier_id in tier_ids}
        if len(event_ids) > 1:
            return list(self.get_many(event_ids).values())
        events = [self._get_shared(event_id) for event_id in event_ids]
        return [event for event in events if event]

    def _known_event_id(self, tier_id: str) -> str:
        event_id = self._read_event_id(tier_id)
        if event_id is None:
            raise TierNotFound
        return event_id

    def _event_ids(self, tier_ids: Collection[str]) -> dict[str, str]:
        """Return the event ids of the tiers that exist."""
        wanted = {"_id": {"$in": list(tier_ids)}, "kind": StockKind.TIER.value}
        return {row["_id"]: row["eventId"] for row in self._rows.find(wanted, {"eventId": 1})}

    def with_stock(self, documents: Sequence[Document], session: Session | None = None) -> list[Event]:
        """Return the events of `documents`, in their order; one read for the stock of all.

        An event that was deleted meanwhile has no stock and is left out.
        """
        rows: dict[str, list[TicketStock]] = {document["_id"]: [] for document in documents}
        for row in self._rows.find({"eventId": {"$in": list(rows)}}, session=session):
            rows[row["eventId"]].append(to_stock(row))
        return [to_event(document, rows[document["_id"]]) for document in documents if rows[document["_id"]]]

    def stock_levels(self, stock_ids: Iterable[str], session: Session | None = None) -> Mapping[str, TicketStock]:
        """Return the stock rows by id, majority-committed or those of a transaction; a deleted one is closed."""
        levels = {stock_id: _deleted(stock_id) for stock_id in stock_ids}
        rows = self._rows if session else self._committed_rows
        for document in rows.find({"_id": {"$in": list(levels)}}, session=session):
            levels[document["_id"]] = to_stock(document)
        return levels

    def count_held(self, session: Session, counts: Mapping[str, int]) -> None:
        """Add `counts` by stock id, which may be negative, to the held tickets within the caller's transaction."""
        updates: list[Update] = []
        for count, stock_ids in runs_by_count(counts):
            updates.append(({"_id": {"$in": stock_ids}}, {"$inc": {"held": count}}))
        bulk_update(session, self._rows, updates)


def _deleted(stock_id: str) -> TicketStock:
    return TicketStock(id=stock_id, event_id="", capacity=0, closed=True)
