"""Figures of sales, by aggregation over the tickets and counts of orders and waiting lists."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from core.ids import id_lower_bound
from core.mongo.client import Db, Document
from orders.model import OrderState
from orders.offers.store import SCHEMA as WAITLIST
from orders.offers.store import WAITING
from orders.store import DATE
from orders.store import SCHEMA as ORDERS
from orders.tickets.model import TicketState
from orders.tickets.store import SCHEMA as TICKETS

SOLD = [TicketState.VALID.value, TicketState.CHECKED_IN.value, TicketState.VOID.value]


@dataclass(frozen=True)
class Period:
    """Sales from `start` until before `end`, those of one event if it is given."""

    start: datetime
    end: datetime
    event_id: str = ""

    @property
    def times(self) -> Document:
        """The condition of a time."""
        return {"$gte": self.start, "$lt": self.end}


@dataclass(frozen=True)
class SoldTickets:
    """Number and price of the tickets of one tier in one state that were sold on one day in UTC."""

    day: str
    event_id: str
    tier_id: str
    tier: str
    currency: str
    state: TicketState
    count: int
    amount: int


class AnalyticsStore:
    """Reads of the figures."""

    def __init__(self, db: Db) -> None:
        self._tickets = db[TICKETS.name]
        self._orders = db[ORDERS.name]
        self._waitlist = db[WAITLIST.name]

    def sold_tickets(self, period: Period) -> Iterator[SoldTickets]:
        """Yield the sums of the tickets; one that was transferred counts once, at the time of its sale."""
        wanted: Document = {"soldAt": period.times, "state": {"$in": SOLD}}
        if period.event_id:
            wanted["eventId"] = period.event_id
        group: Document = {
            "day": {"$dateToString": {"date": "$soldAt", "format": "%Y-%m-%d"}},
            "eventId": "$eventId",
            "tierId": "$tierId",
            "tier": "$tier",
            "currency": "$currency",
            "state": "$state",
        }
        sums = {"_id": group, "count": {"$sum": 1}, "amount": {"$sum": "$price"}}
        for row in self._tickets.aggregate([{"$match": wanted}, {"$group": sums}, {"$sort": {"_id": 1}}]):
            key = row["_id"]
            yield SoldTickets(
                day=key["day"],
                event_id=key["eventId"],
                tier_id=key["tierId"],
                tier=key["tier"],
                currency=key["currency"],
                state=TicketState(key["state"]),
                count=row["count"],
                amount=row["amount"],
            )

    def paid_orders(self, period: Period) -> int:
        """Return the number of orders that were paid in the period and are not cancelled."""
        wanted = {"paidAt": {**period.times, **DATE}, "state": OrderState.PAID.value}
        return self._count_orders(wanted, period)

    def ended_orders(self, period: Period, state: OrderState) -> int:
        """Return the number of orders that were placed in the period and have ended in a state."""
        placed = {"$gte": id_lower_bound(period.start), "$lt": id_lower_bound(period.end)}
        return self._count_orders({"_id": placed, "state": state.value}, period)

    def waiting(self, event_id: str) -> int:
        """Return how many people wait for tickets now, of any event or of one."""
        wanted: Document = {"tierId": {"$gt": ""}, **WAITING}
        if event_id:
            wanted["eventId"] = event_id
        return self._waitlist.count_documents(wanted)

    def _count_orders(self, wanted: Document, period: Period) -> int:
        if period.event_id:
            wanted = {**wanted, "items.eventId": period.event_id}
        return self._orders.count_documents(wanted)
