"""The `payment_events` collection: ids of the webhook events that were applied; a TTL index deletes them."""

from __future__ import annotations

from datetime import datetime, timedelta

from pymongo import ASCENDING, IndexModel

from core.mongo.client import Db
from core.mongo.schema import CollectionSchema

LIFETIME = timedelta(days=30)
SCHEMA = CollectionSchema(
    name="payment_events",
    indexes=(IndexModel([("at", ASCENDING)], expireAfterSeconds=int(LIFETIME.total_seconds())),),
)


class PaymentEvents:
    """Applied webhook events."""

    def __init__(self, db: Db) -> None:
        self._events = db[SCHEMA.name]

    def is_applied(self, event_id: str) -> bool:
        """Return whether an event was applied."""
        return self._events.find_one({"_id": event_id}) is not None

    def note(self, event_id: str, now: datetime) -> None:
        """Note that an event was applied."""
        self._events.update_one({"_id": event_id}, {"$setOnInsert": {"at": now}}, upsert=True)
