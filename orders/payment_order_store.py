"""Reads of the `orders` collection by payment: orders that queue for the provider, and paid ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from pymongo import ASCENDING, DESCENDING

from core.concurrency.single_flight import single_flight_read
from core.ids import id_lower_bound
from core.mongo.client import MAJORITY_READ, Db
from orders.mapping import order_of
from orders.model import Order, OrderState
from orders.store import DATE, NOT_EMPTY, OPEN, SCHEMA

PAGE = 500


class PaymentOrders:
    """Majority-committed orders by their payment."""

    def __init__(self, db: Db) -> None:
        self._orders = db[SCHEMA.name].with_options(read_concern=MAJORITY_READ)
        self._queued_shared = single_flight_read(self.queued)

    def id_of_payment(self, payment_id: str) -> str | None:
        """Return the id of the order that a payment has paid, or None."""
        found = self._orders.find_one({"paymentId": {"$eq": payment_id, **NOT_EMPTY}}, {"_id": 1})
        if found is None:
            return None
        return str(found["_id"])

    def get_many(self, order_ids: Iterable[str]) -> dict[str, Order]:
        """Return majority-committed orders by id, those that exist."""
        found = self._orders.find({"_id": {"$in": list(order_ids)}})
        return {document["_id"]: order_of(document) for document in found}

    def paid_between(self, since: datetime, until: datetime, provider: str) -> Iterator[Order]:
        """Yield the paid orders with a payment that were placed since `since` and paid before `until`."""
        wanted = {
            "state": OrderState.PAID.value,
            "_id": {"$gte": id_lower_bound(since)},
            "paymentId": NOT_EMPTY,
            "provider": provider,
            "paidAt": {"$lt": until},
        }
        yield from map(order_of, self._orders.find(wanted))

    def expired_since(self, moment: datetime) -> Iterator[Order]:
        """Yield the expired orders placed since `moment` whose payment was begun, newest first, a page at a time."""
        place = {"$gte": id_lower_bound(moment)}
        while True:
            wanted = {"state": OrderState.EXPIRED.value, "_id": place, "provider": NOT_EMPTY}
            page = list(self._orders.find(wanted).sort("_id", DESCENDING).limit(PAGE))
            yield from map(order_of, page)
            if len(page) < PAGE:
                return
            place = {**place, "$lt": page[-1]["_id"]}

    def queued(self, limit: int) -> list[str]:
        """Return the ids of up to `limit` orders that queue for the provider, the first placed first."""
        found = self._orders.find({"queuedAt": DATE, **OPEN}, {"_id": 1}).sort("_id", ASCENDING).limit(limit)
        return [row["_id"] for row in found]

    def has_queue(self) -> bool:
        """Return whether an order queues for the provider. Concurrent calls share a read."""
        return bool(self._queued_shared(1))

    def count_queued_before(self, order_id: str) -> int:
        """Return how many orders queue before an order."""
        return self._orders.count_documents({"queuedAt": DATE, **OPEN, "_id": {"$lt": order_id}})
