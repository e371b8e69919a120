"""Store of events and of the stock of their tickets; the database itself refuses a write that would oversell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from pymongo import ASCENDING, IndexModel

from core.mongo.client import MAJORITY_READ, Db, Document
from core.mongo.schema import CollectionSchema
from core.mongo.transactions import Session, Update, bulk_update, insert
from events.errors import EventNotFound, TierNotFound
from events.model import Event, EventStatus, StockKind, TicketStock, Tier
from inventory.stock import Stock, StockFields

EVENTS = CollectionSchema(
    name="events",
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
        "$expr": {
            "$and": [
                {"$lte": ["$taken", "$capacity"]},
                {"$lte": ["$held", "$taken"]},
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

    def insert(self, session: Session, event: Event) -> None:
        """Insert `event` with its stock rows within the caller's transaction."""
        insert(session, self._events, [_event_document(event)])
        rows = [_tier_document(tier) for tier in event.tiers]
        if event.pool:
            rows.append(_pool_document(event.pool))
        insert(session, self._rows, rows)

    def get(self, event_id: str, session: Session | None = None) -> Event:
        """Return an event in any state; raises EventNotFound."""
        document = self._events.find_one({"_id": event_id}, session=session)
        if document is None:
            raise EventNotFound
        return self._with_stock([document], session)[0]

    def of_tier(self, tier_id: str) -> Event:
        """Return the event of a tier; raises TierNotFound."""
        row = self._rows.find_one({"_id": tier_id, "kind": StockKind.TIER.value}, {"eventId": 1})
        if row is None:
            raise TierNotFound
        return self.get(row["eventId"])

    def stock_levels(self, stock_ids: Iterable[str]) -> Mapping[str, TicketStock]:
        """Return the majority-committed stock rows by id."""
        found = self._committed_rows.find({"_id": {"$in": list(stock_ids)}})
        return {document["_id"]: _stock(document) for document in found}

    def count_held(self, session: Session, counts: Mapping[str, int]) -> None:
        """Add `counts` by stock id, which may be negative, to the held tickets within the caller's transaction."""
        updates: list[Update] = [({"_id": stock_id}, {"$inc": {"held": n}}) for stock_id, n in sorted(counts.items())]
        bulk_update(session, self._rows, updates)

    def _with_stock(self, documents: Sequence[Document], session: Session | None = None) -> list[Event]:
        """Return the events of `documents`, in their order; one read for the stock of all."""
        rows: dict[str, list[TicketStock]] = {document["_id"]: [] for document in documents}
        for row in self._rows.find({"eventId": {"$in": list(rows)}}, session=session):
            rows[row["eventId"]].append(_stock(row))
        return [_event(document, rows[document["_id"]]) for document in documents]


def _event_document(event: Event) -> Document:
    return {
        "_id": event.id,
        "title": event.title,
        "description": event.description,
        "date": event.date,
        "venue": event.venue,
        "currency": event.currency,
        "status": event.status.value,
        "maxPerOrder": event.max_per_order,
        "salesEnd": event.sales_end,
        "createdAt": event.created_at,
        "updatedAt": event.updated_at,
        "version": event.version,
        "tierIds": [tier.id for tier in event.tiers],
    }


def _tier_document(tier: Tier) -> Document:
    return {
        **_stock_document(tier, StockKind.TIER),
        "position": tier.position,
        "code": tier.code,
        "name": tier.name,
        "price": tier.price,
        "numbered": tier.numbered,
        "waiting": tier.waiting,
    }


def _pool_document(pool: TicketStock) -> Document:
    return _stock_document(pool, StockKind.POOL)


def _stock_document(stock: TicketStock, kind: StockKind) -> Document:
    return {
        "_id": stock.id,
        "eventId": stock.event_id,
        "kind": kind.value,
        "capacity": stock.capacity,
        "taken": stock.taken,
        "held": stock.held,
        "closed": stock.closed,
    }


def _stock(row: Document) -> TicketStock:
    counts = {
        "id": row["_id"],
        "event_id": row["eventId"],
        "capacity": row["capacity"],
        "taken": row["taken"],
        "held": row["held"],
        "closed": row["closed"],
    }
    if row["kind"] == StockKind.POOL:
        return TicketStock(**counts)
    return Tier(
        **counts,
        position=row["position"],
        code=row["code"],
        name=row["name"],
        price=row["price"],
        waiting=row["waiting"],
        numbered=row["numbered"],
    )


def _event(document: Document, stock: Sequence[TicketStock]) -> Event:
    tiers = [row for row in stock if isinstance(row, Tier)]
    pools = [row for row in stock if not isinstance(row, Tier)]
    return Event(
        id=document["_id"],
        title=document["title"],
        description=document["description"],
        date=document["date"],
        venue=document["venue"],
        currency=document["currency"],
        status=EventStatus(document["status"]),
        max_per_order=document["maxPerOrder"],
        sales_end=document["salesEnd"],
        created_at=document["createdAt"],
        updated_at=document["updatedAt"],
        version=document["version"],
        tiers=sorted(tiers, key=lambda tier: tier.position),
        pool=pools[0] if pools else None,
    )
