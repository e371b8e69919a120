"""The `simulated_payments` collection: what the simulated provider knows, one row for each idempotency key."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from pymongo import ASCENDING, IndexModel, ReturnDocument

from core.ids import id_lower_bound
from core.mongo.client import MAJORITY_READ, Db, Document
from core.mongo.schema import CollectionSchema
from orders.payments.gateway import Charge, Payment, PaymentState

# MongoDB reads a partial index only for a query that repeats the index's condition.
DATE = {"$type": "date"}
# Of the ids of payments.
PREFIX = "sim_"
SCHEMA = CollectionSchema(
    name="simulated_payments",
    indexes=(
        IndexModel([("paymentId", ASCENDING)], unique=True),
        IndexModel([("notifyAt", ASCENDING)], partialFilterExpression={"notifyAt": DATE}, name="due"),
    ),
)


class SimulatedPayments:
    """Payments of the simulated provider."""

    def __init__(self, db: Db) -> None:
        self._payments = db[SCHEMA.name].with_options(read_concern=MAJORITY_READ)

    def open(self, charge: Charge, payment_id: str, state: PaymentState, fields: Document) -> Payment:
        """Store the payment of a key, unless there is one; return the stored one."""
        document = {
            "paymentId": payment_id,
            "orderId": charge.order_id,
            "amount": charge.amount,
            "currency": charge.currency,
            "state": state.value,
            "refunds": [],
            "notifyAt": None,
            "notifications": 0,
            **fields,
        }
        found = self._payments.find_one_and_update(
            {"_id": charge.key}, {"$setOnInsert": document}, upsert=True, return_document=ReturnDocument.AFTER
        )
        return _payment(found)

    def find(self, key: str) -> Payment | None:
        """Return the payment of a key, or None."""
        document = self._payments.find_one({"_id": key})
        return _payment(document) if document else None

    def get(self, payment_id: str) -> Payment | None:
        """Return a payment by its id, or None."""
        document = self._payments.find_one({"paymentId": payment_id})
        return _payment(document) if document else None

    def confirm(self, payment: Payment) -> Payment:
        """Let a payment succeed if it awaits its buyer; return it as it is afterwards."""
        where = {"paymentId": payment.id, "state": PaymentState.ACTION_REQUIRED.value}
        found = self._payments.find_one_and_update(
            where, {"$set": {"state": PaymentState.SUCCEEDED.value}}, return_document=ReturnDocument.AFTER
        )
        return _payment(found) if found else self.get(payment.id) or payment

    def since(self, moment: datetime) -> Iterator[Payment]:
        """Yield the payments made since `moment`; their ids are in order of time."""
        wanted = {"paymentId": {"$gte": f"{PREFIX}{id_lower_bound(moment)}", "$lt": f"{PREFIX}~"}}
        yield from map(_payment, self._payments.find(wanted))

    def refund(self, payment_id: str, key: str, amount: int) -> bool:
        """Refund a part of a succeeded payment, once for each key; return False beyond what was paid."""
        if self._payments.find_one({"paymentId": payment_id, "refunds.key": key}):
            return True
        fits = {"$gte": ["$amount", {"$add": [{"$sum": "$refunds.amount"}, amount]}]}
        where = {
            "paymentId": payment_id,
            "state": PaymentState.SUCCEEDED.value,
            "refunds.key": {"$ne": key},
            "$expr": fits,
        }
        done = self._payments.update_one(where, {"$push": {"refunds": {"key": key, "amount": amount}}})
        return done.modified_count == 1

    def take_due(self, now: datetime) -> tuple[Payment, int] | None:
        """Return a payment whose webhook is due with the number of its notifications, which succeeds now."""
        found = self._payments.find_one_and_update(
            {"notifyAt": {"$lte": now, **DATE}},
            {"$set": {"notifyAt": None, "state": PaymentState.SUCCEEDED.value}},
            return_document=ReturnDocument.AFTER,
        )
        return (_payment(found), found["notifications"]) if found else None


def _payment(document: Any) -> Payment:
    return Payment(
        id=document["paymentId"],
        order_id=document["orderId"],
        amount=document["amount"],
        currency=document["currency"],
        state=PaymentState(document["state"]),
        refunded=sum(refund["amount"] for refund in document["refunds"]),
    )
