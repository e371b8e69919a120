"""Orders that do not add up, found by the database in one snapshot, a range of ids at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from core.mongo.client import Client, Db, Document
from core.mongo.key_ranges import key_ranges
from core.mongo.transactions import Session
from orders.mapping import order_of
from orders.model import Order, OrderState, RefundState
from orders.store import SCHEMA as ORDERS
from orders.tickets.model import TicketState
from orders.tickets.store import SCHEMA as TICKETS

USABLE = [TicketState.VALID.value, TicketState.CHECKED_IN.value]
# The states of orders that have tickets.
SOLD = [OrderState.PAID.value, OrderState.CANCELLED.value]
# Orders or tickets of a range: half a second of the database.
RANGE = 20_000
BATCH = 500


@dataclass(frozen=True)
class TicketCounts:
    """Numbers of the tickets of an order: those that open an entrance, and void ones."""

    usable: int = 0
    void: int = 0


class OrderAuditStore:
    """Reads what `flask verify` compares; all reads of one snapshot session see the same state."""

    def __init__(self, client: Client, db: Db) -> None:
        self.client = client
        self._orders = db[ORDERS.name]
        self._tickets = db[TICKETS.name]

    def suspects(self, snapshot: Session) -> Iterator[tuple[str, TicketCounts, Order | None]]:
        """Yield the ids of the orders that do not add up, with their tickets; None stands for a missing order.

        The database compares all orders, and only these are read.
        """
        for order_ids in key_ranges(snapshot, [(self._orders, "_id"), (self._tickets, "orderId")], RANGE):
            counts = self._suspect_counts(snapshot, order_ids)
            found = sorted(counts, key=str)
            for first in range(0, len(found), BATCH):
                batch = found[first : first + BATCH]
                orders = self._get_many(snapshot, batch)
                for order_id in batch:
                    yield order_id, counts[order_id], orders.get(order_id)

    def _suspect_counts(self, snapshot: Session, order_ids: Document) -> dict[str, TicketCounts]:
        rows = self._orders.aggregate(_stages(order_ids), session=snapshot, allowDiskUse=True)
        return {row["_id"]: TicketCounts(row["usable"], row["void"]) for row in rows}

    def _get_many(self, snapshot: Session, order_ids: Iterable[str]) -> dict[str, Order]:
        found = self._orders.find({"_id": {"$in": list(order_ids)}}, session=snapshot)
        return {row["_id"]: order_of(row) for row in found}


def _stages(order_ids: Document) -> list[Document]:
    """Return the aggregation over orders that yields a row for each one that does not add up.

    A row of an order and the rows of its tickets meet in one group; transferred tickets have been replaced by others.
    """
    of_tickets = [{"$match": {"orderId": order_ids}}, {"$project": TICKET_NUMBERS}]
    numbers = ("orders", "wanted", "wrong", "cancelled", "usable", "void")
    return [
        {"$match": {"_id": order_ids}},
        {"$project": ORDER_NUMBERS},
        {"$unionWith": {"coll": TICKETS.name, "pipeline": of_tickets}},
        {"$group": {"_id": "$_id", **{name: {"$sum": f"${name}"} for name in numbers}}},
        {"$match": {"$expr": {"$or": SUSPICIOUS}}},
    ]


def _one_if(condition: Document) -> Document:
    return {"$cond": [condition, 1, 0]}


PRICE: Document = {
    "$sum": {"$map": {"input": "$items", "in": {"$multiply": ["$$this.price", "$$this.quantity"]}}},
}
OF_PAYMENT: Document = {
    "$and": [
        {"$eq": ["$$this.paymentId", "$paymentId"]},
        {"$ne": ["$$this.state", RefundState.FAILED.value]},
    ]
}
REFUNDED: Document = {
    "$sum": {"$map": {"input": {"$filter": {"input": "$refunds", "cond": OF_PAYMENT}}, "in": "$$this.amount"}},
}
IS_OVERPAID: Document = {"$and": [{"$ne": ["$paymentId", ""]}, {"$gt": [REFUNDED, "$total"]}]}
ORDER_NUMBERS: Document = {
    "orders": {"$literal": 1},
    "wanted": {"$cond": [{"$in": ["$state", SOLD]}, {"$sum": "$items.quantity"}, 0]},
    "wrong": _one_if({"$or": [{"$ne": ["$total", PRICE]}, IS_OVERPAID]}),
    "cancelled": _one_if({"$eq": ["$state", OrderState.CANCELLED.value]}),
}
TICKET_NUMBERS: Document = {
    "_id": "$orderId",
    "usable": _one_if({"$in": ["$state", USABLE]}),
    "void": _one_if({"$eq": ["$state", TicketState.VOID.value]}),
}
SUSPICIOUS: list[Document] = [
    {"$ne": ["$orders", 1]},
    {"$gt": ["$wrong", 0]},
    {"$ne": [{"$add": ["$usable", "$void"]}, "$wanted"]},
    {"$and": [{"$gt": ["$cancelled", 0]}, {"$gt": ["$usable", 0]}]},
]
