"""The buyers of events, as the `orders` collection has them."""

from __future__ import annotations

from core.mongo.client import MAJORITY_READ, Db, Document
from core.mongo.transactions import Session
from orders.model import OrderState
from orders.store import SCHEMA


class BuyerStore:
    """Reads who has bought tickets of an event."""

    def __init__(self, db: Db) -> None:
        self._orders = db[SCHEMA.name]
        self._committed = self._orders.with_options(read_concern=MAJORITY_READ)

    def of_event(self, event_id: str, after: str, limit: int) -> list[str]:
        """Return up to `limit` ids of accounts with paid orders for an event, in order, those above `after`."""
        wanted = {"items.eventId": event_id, "state": OrderState.PAID.value, "accountId": {"$gt": after}}
        steps: list[Document] = [
            {"$match": wanted},
            {"$group": {"_id": "$accountId"}},
            {"$sort": {"_id": 1}},
            {"$limit": limit},
        ]
        return [row["_id"] for row in self._committed.aggregate(steps)]

    def paid_ids(self, event_id: str, account_id: str) -> list[str]:
        """Return the ids of an account's paid orders for an event."""
        wanted = {"items.eventId": event_id, "state": OrderState.PAID.value, "accountId": account_id}
        return [row["_id"] for row in self._committed.find(wanted, {"_id": 1})]

    def exist(self, session: Session, event_id: str) -> bool:
        """Return whether there is an order for an event, in any state."""
        return self._orders.find_one({"items.eventId": event_id}, {"_id": 1}, session=session) is not None
