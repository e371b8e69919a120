"""Migration of events that older versions stored without the price of their cheapest tier."""

from __future__ import annotations

from collections.abc import Sequence

from core.mongo.client import Db, Document
from events.mapping import event_fields
from events.model import EventStatus
from events.store import EVENTS, EventStore

FIELD = "lowestPriceKey"
BATCH_SIZE = 500
# The states are named for the index.
WITHOUT_LOWEST_PRICE: Document = {
    "status": {"$in": [status.value for status in EventStatus]},
    FIELD: {"$exists": False},
}


def store_lowest_prices(db: Db) -> None:
    """Store the lowest price in the events of `db` that have none, so that lists can order them. Idempotent."""
    found = list(db[EVENTS.name].find(WITHOUT_LOWEST_PRICE).hint("by_lowest_price"))
    for start in range(0, len(found), BATCH_SIZE):
        _store_batch(db, found[start : start + BATCH_SIZE])


def _store_batch(db: Db, documents: Sequence[Document]) -> None:
    for event in EventStore(db).with_stock(documents):
        where = {"_id": event.id, FIELD: {"$exists": False}}
        db[EVENTS.name].update_one(where, {"$set": {FIELD: event_fields(event)[FIELD]}})
