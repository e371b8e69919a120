"""The `orders` collection: every update has the version of the order in its filter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from pymongo import ASCENDING, DESCENDING, IndexModel

from core.concurrency.single_flight import batched_read
from core.ids import id_lower_bound
from core.mongo.client import MAJORITY_READ, Db, Document
from core.mongo.schema import CollectionSchema
from core.mongo.transactions import Session, Update, bulk_update, insert
from orders.errors import OrderNotFound
from orders.mapping import order_document, order_of
from orders.model import Order

OPEN = {"open": True}
# Orders that do not queue for the provider: the clock of the others is stopped.
RUNNING = {**OPEN, "queuedAt": None}
# MongoDB reads a partial index only for a query that repeats the index's condition.
STRING = {"$type": "string"}
DATE = {"$type": "date"}
NOT_EMPTY = {"$gt": ""}
SCHEMA = CollectionSchema(
    name="orders",
    indexes=(
        IndexModel([("key.id", ASCENDING)], unique=True, partialFilterExpression={"key.id": STRING}, name="key"),
        IndexModel(
            [("key.expiresAt", ASCENDING)], partialFilterExpression={"key.expiresAt": DATE}, name="key_by_expiry"
        ),
        IndexModel([("accountId", ASCENDING), ("_id", DESCENDING)]),
        IndexModel([("email", ASCENDING), ("_id", DESCENDING)]),
        IndexModel([("state", ASCENDING), ("_id", DESCENDING)]),
        IndexModel([("items.eventId", ASCENDING), ("_id", DESCENDING)]),
        IndexModel([("paidAt", ASCENDING)], partialFilterExpression={"paidAt": DATE}, name="paid"),
        # Those of RUNNING orders begin with `queuedAt`, so that no query of theirs reads the queued ones.
        IndexModel(
            [("queuedAt", ASCENDING), ("holdUntil", ASCENDING)], partialFilterExpression=OPEN, name="by_deadline"
        ),
        IndexModel([("queuedAt", ASCENDING), ("busyUntil", ASCENDING)], partialFilterExpression=OPEN, name="by_lease"),
        IndexModel(
            [("open", ASCENDING), ("_id", ASCENDING)], partialFilterExpression={"queuedAt": DATE}, name="queued"
        ),
        IndexModel(
            [("lines.stockId", ASCENDING), ("queuedAt", ASCENDING), ("holdUntil", ASCENDING)],
            partialFilterExpression=OPEN,
            name="by_stock",
        ),
        IndexModel([("paymentId", ASCENDING)], partialFilterExpression={"paymentId": NOT_EMPTY}, name="by_payment"),
        IndexModel([("refundDueAt", ASCENDING)], partialFilterExpression={"refundDueAt": DATE}, name="refund_due"),
    ),
    former_indexes=("open_by_deadline", "open_by_lease", "open_by_stock"),
    validator={
        "$jsonSchema": {
            "required": ["accountId", "items", "lines", "currency", "total", "state", "version", "holdUntil"],
            "properties": {"total": {"bsonType": ["int", "long"], "minimum": 0}},
        }
    },
)


class OrderStore:
    """Orders in MongoDB."""

    def __init__(self, db: Db) -> None:
        self._orders = db[SCHEMA.name]
        self._committed = self._orders.with_options(read_concern=MAJORITY_READ)
        self._get_shared = batched_read(self._get_many)
        self._by_key_shared = batched_read(self.by_keys)

    def add(self, session: Session, orders: Sequence[Order]) -> None:
        """Insert orders; BulkError, which ends the transaction, says that a key is taken."""
        insert(session, self._orders, [order_document(order) for order in orders])

    def replace(self, session: Session, changes: Sequence[tuple[Order, Order]]) -> bool:
        """Replace orders, pairs of before and after; return False if one has another version: abort then."""
        updates: list[Update] = []
        for before, after in changes:
            where = {"_id": before.id, "version": before.version, "state": before.state.value}
            updates.append((where, {"$set": _changed_fields(before, after)}))
        return bulk_update(session, self._orders, updates) == len(updates)

    def get(self, order_id: str) -> Order:
        """Return a majority-committed order; raises OrderNotFound. Concurrent calls share a read."""
        order = self._get_shared(order_id)
        if order is None:
            raise OrderNotFound
        return order

    def get_of(self, account_id: str, order_id: str) -> Order:
        """Return an order of an account; raises OrderNotFound."""
        order = self.get(order_id)
        if order.account_id != account_id:
            raise OrderNotFound
        return order

    def versions(self, order_ids: Iterable[str]) -> dict[str, int]:
        """Return the majority-committed versions by order id."""
        found = self._committed.find({"_id": {"$in": list(order_ids)}}, {"version": 1})
        return {document["_id"]: document["version"] for document in found}

    def by_keys(self, key_ids: Iterable[str]) -> dict[str, Order]:
        """Return the majority-committed orders by idempotency key, expired keys included."""
        found = self._committed.find({"key.id": {"$in": list(key_ids), **STRING}})
        return {document["key"]["id"]: order_of(document) for document in found}

    def by_key(self, key_id: str, now: datetime) -> Order | None:
        """Return the majority-committed order of an idempotency key, or None. It forgets a key that has expired."""
        order = self._by_key_shared(key_id)
        if order is None or order.key is None or order.key.expires_at > now:
            return order
        self.forget_keys(now, key_id)
        return None

    def forget_keys(self, now: datetime, key_id: str | None = None) -> None:
        """Remove the expired keys, or one of them if it is expired."""
        wanted: Document = {"key.expiresAt": {"$lte": now, **DATE}}
        if key_id:
            wanted["key.id"] = {"$eq": key_id, **STRING}
        self._orders.update_many(wanted, {"$set": {"key": None}})

    def expired(self, now: datetime, limit: int) -> list[Order]:
        """Return up to `limit` open orders whose deadline has passed, the oldest first."""
        found = self._committed.find({"holdUntil": {"$lte": now}, **RUNNING}).sort("holdUntil", ASCENDING)
        return list(map(order_of, found.limit(limit)))

    def expired_of(self, stock_ids: Iterable[str], now: datetime, limit: int) -> list[Order]:
        """Return up to `limit` open orders that hold tickets of the stock beyond their deadline."""
        wanted = {"lines.stockId": {"$in": list(stock_ids)}, "holdUntil": {"$lte": now}, **RUNNING}
        return list(map(order_of, self._committed.find(wanted).limit(limit)))

    def next_expiry(self, stock_id: str) -> datetime | None:
        """Return the first deadline of the open orders of a stock, or None without any."""
        wanted = {"lines.stockId": stock_id, **RUNNING}
        found = self._committed.find_one(wanted, {"holdUntil": 1}, sort=[("holdUntil", ASCENDING)])
        return found["holdUntil"] if found else None

    def first_deadline(self) -> datetime | None:
        """Return the first deadline of all open orders, or None without any."""
        wanted = {"holdUntil": DATE, **RUNNING}
        found = self._committed.find_one(wanted, {"holdUntil": 1}, sort=[("holdUntil", ASCENDING)])
        return found["holdUntil"] if found else None

    def unattended(self, now: datetime, limit: int) -> list[Order]:
        """Return up to `limit` open orders that no process works on."""
        return list(map(order_of, self._committed.find({"busyUntil": {"$lte": now}, **RUNNING}).limit(limit)))

    def with_due_refunds(self, now: datetime, limit: int) -> list[Order]:
        """Return up to `limit` orders with a refund to be tried now."""
        return list(map(order_of, self._committed.find({"refundDueAt": {"$lte": now, **DATE}}).limit(limit)))

    def ids_of(self, account_id: str) -> list[str]:
        """Return the ids of all orders of an account."""
        return [row["_id"] for row in self._committed.find({"accountId": account_id}, {"_id": 1})]

    def ids_by_email(self, email: str) -> list[str]:
        """Return the ids of all orders with an e-mail address."""
        return [row["_id"] for row in self._committed.find({"email": email}, {"_id": 1})]

    def named_before(self, moment: datetime) -> Iterator[Order]:
        """Yield the orders placed before `moment` that still have an e-mail address, oldest first."""
        wanted: Document = {"_id": {"$lt": id_lower_bound(moment)}, "email": {"$gt": ""}}
        yield from map(order_of, self._committed.find(wanted).sort("_id", ASCENDING))

    def anonymise(self, order_ids: Sequence[str]) -> None:
        """Remove name and e-mail address. The new version refuses changes that still have them."""
        change = {"$set": {"name": "", "email": ""}, "$inc": {"version": 1}}
        self._orders.update_many({"_id": {"$in": list(order_ids)}}, change)

    def _get_many(self, order_ids: Iterable[str]) -> dict[str, Order]:
        found = map(order_of, self._committed.find({"_id": {"$in": list(order_ids)}}))
        return {order.id: order for order in found}

    def walk(self, wanted: Mapping[str, Any]) -> Iterator[Order]:
        """Yield the orders that match, newest first."""
        yield from map(order_of, self._orders.find(wanted).sort("_id", DESCENDING))

    def find(self, wanted: Mapping[str, Any], page: int, limit: int) -> tuple[list[Order], int]:
        """Return a page of orders, newest first, and the number of all."""
        found = self._orders.find(wanted).sort("_id", DESCENDING).skip((page - 1) * limit).limit(limit)
        return list(map(order_of, found)), self._orders.count_documents(wanted)


def _changed_fields(before: Order, after: Order) -> Document:
    """Return the stored fields that differ: a field that is set, even to its value, costs the work of its indexes."""
    stored = order_document(before)
    return {name: value for name, value in order_document(after).items() if value != stored[name]}
