"""Tickets of orders counted by state, and all orders, read in one snapshot of the database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from core.mongo.client import Client, Db, Document
from core.mongo.transactions import Session
from orders.mapping import order_of
from orders.model import Order
from orders.store import SCHEMA as ORDERS
from orders.tickets.model import TicketState
from orders.tickets.store import SCHEMA as TICKETS

USABLE = [TicketState.VALID.value, TicketState.CHECKED_IN.value]


@dataclass(frozen=True)
class TicketCounts:
    """Numbers of the tickets of an order: those that open an entrance, and void ones."""

    usable: int = 0
    void: int = 0


class OrderAuditStore:
    """Reads what `flask verify` compares; all reads of one snapshot session see the same state."""

    def __init__(self, client: Client, db: Db) -> None:
        self.client = client
        self._db = db

    def ticket_counts(self, snapshot: Session) -> dict[str, TicketCounts]:
        """Return the numbers of tickets by order id; transferred ones have been replaced by others."""
        usable = {"$cond": [{"$in": ["$state", USABLE]}, 1, 0]}
        void = {"$cond": [{"$eq": ["$state", TicketState.VOID.value]}, 1, 0]}
        steps: list[Document] = [{"$group": {"_id": "$orderId", "usable": {"$sum": usable}, "void": {"$sum": void}}}]
        rows = self._db[TICKETS.name].aggregate(steps, session=snapshot, allowDiskUse=True)
        return {row["_id"]: TicketCounts(row["usable"], row["void"]) for row in rows}

    def orders(self, snapshot: Session) -> Iterator[Order]:
        """Yield all orders."""
        yield from map(order_of, self._db[ORDERS.name].find({}, session=snapshot))
