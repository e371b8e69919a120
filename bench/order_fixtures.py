"""Order fixtures: events with three tiers, issued tickets, and the orders, tickets and money after a round."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from bench.event_fixtures import TRANSACTION_SECONDS, insert_events, new_events, taken_tickets
from bench.systems import System, SystemKind
from core.clock import now
from core.ids import new_id
from core.mongo.client import Db
from core.mongo.transactions import Session, transaction
from events.editor.new_event import NewTier
from events.model import Event
from orders.holds.model import HeldItem
from orders.model import Order, OrderState
from orders.store import OrderStore
from orders.tickets.issue import tickets_of
from orders.tickets.model import Ticket
from orders.tickets.store import TicketStore

TICKETS_PER_ORDER = 4
ORDERS_PER_TRANSACTION = 250
PRICES = {"VIP": 10_000, "FRONT_ROW": 5000, "GA": 1000}


@dataclass(frozen=True)
class OrderCounts:
    """The orders in a database after a round, and what belongs to them.

    `ordered` are the tickets that the paid orders name, `taken` those that the events count. `total` is the money of
    the paid orders in minor units.
    """

    paid: int
    unpaid: int
    ordered: int
    tickets: int
    taken: int
    oversold: int
    emails: int
    total: int


@dataclass(frozen=True)
class HoldCounts:
    """The active holds in a database after a round, and the tickets that its events count as taken."""

    active: int
    taken: int
    oversold: int


def store_three_tier_events(system: System, count: int, capacity: int) -> list[list[str]]:
    """Store published events with so many tickets in each of three tiers; return the tiers' ids by event."""
    tiers = [NewTier(code=code, name=code.title(), price=price, capacity=capacity) for code, price in PRICES.items()]
    events = list(new_events(count, tiers))
    insert_events(system, events)
    return [[tier.id for tier in event.tiers] for event in events]


def store_tickets(system: System, count: int) -> list[str]:
    """Store a free event with so many issued tickets; return their codes."""
    (event,) = new_events(1, [NewTier(code="GA", name="General admission", price=0, capacity=count)])
    insert_events(system, [event])
    orders = list(_free_orders(event, count))
    store = _store_orders
    if system.spec.kind is SystemKind.PEER:
        store = _store_peer_tickets
    codes = store(system.database.db, orders)
    system.database.flush()
    return codes


def count_orders(system: System) -> OrderCounts:
    """Count the orders after all writes have ended."""
    system.database.wait_until_settled()
    db = system.database.db
    paid = list(db.orders.find({"state": "paid"}, {"items.quantity": 1, "total": 1}))
    stock = taken_tickets(system)
    return OrderCounts(
        paid=len(paid),
        unpaid=db.orders.count_documents({"state": {"$ne": "paid"}}),
        ordered=sum(item["quantity"] for order in paid for item in order["items"]),
        tickets=db.tickets.count_documents({}),
        taken=sum(taken for taken, _ in stock),
        oversold=max(taken - capacity for taken, capacity in stock),
        emails=db.letters.count_documents({}),
        total=sum(order["total"] for order in paid),
    )


def count_holds(system: System) -> HoldCounts:
    """Count the active holds after all writes have ended."""
    system.database.wait_until_settled()
    stock = taken_tickets(system)
    return HoldCounts(
        active=system.database.db.holds.count_documents({"state": "active"}),
        taken=sum(taken for taken, _ in stock),
        oversold=max(taken - capacity for taken, capacity in stock),
    )


def count_checked_in(system: System) -> int:
    """Count the tickets that are checked in after all writes have ended."""
    system.database.wait_until_settled()
    return system.database.db.tickets.count_documents({"state": "checked_in"})


def _free_orders(event: Event, tickets: int) -> Iterator[Order]:
    (tier,) = event.tiers
    item = HeldItem(
        event_id=event.id,
        tier_id=tier.id,
        code=tier.code,
        name=tier.name,
        quantity=TICKETS_PER_ORDER,
        price=tier.price,
        currency=event.currency,
    )
    for _ in range(tickets // TICKETS_PER_ORDER):
        moment = now()
        yield Order(
            id=new_id(moment),
            account_id="0" * 32,
            name="Ada Lovelace",
            email="ada@example.org",
            language="en",
            items=[item],
            lines={tier.id: TICKETS_PER_ORDER},
            currency=event.currency,
            total=0,
            state=OrderState.PAID,
            created_at=moment,
            hold_until=moment,
            busy_until=moment,
            paid_at=moment,
            changed_at=moment,
        )


def _store_orders(db: Db, orders: Sequence[Order]) -> list[str]:
    codes: list[str] = []
    for first in range(0, len(orders), ORDERS_PER_TRANSACTION):
        batch = orders[first : first + ORDERS_PER_TRANSACTION]
        tickets = [ticket for order in batch for ticket in tickets_of(order)]
        transaction(db.client, partial(_insert, db, batch, tickets), TRANSACTION_SECONDS)
        codes += [ticket.code for ticket in tickets]
    db.event_stock.update_one({"_id": orders[0].items[0].tier_id}, {"$inc": {"taken": len(codes)}})
    return codes


def _insert(db: Db, orders: Sequence[Order], tickets: Sequence[Ticket], session: Session) -> None:
    OrderStore(db).add(session, orders)
    TicketStore(db).add(session, tickets)


def _store_peer_tickets(db: Db, orders: Sequence[Order]) -> list[str]:
    tickets = [_peer_ticket(ticket) for order in orders for ticket in tickets_of(order)]
    db.tickets.insert_many(tickets)
    return [ticket["code"] for ticket in tickets]


def _peer_ticket(ticket: Ticket) -> dict[str, Any]:
    return {
        "_id": ticket.id,
        "code": ticket.code,
        "orderId": ticket.order_id,
        "eventId": ticket.event_id,
        "tierId": ticket.tier_id,
        "tier": ticket.tier,
        "holderId": ticket.holder_id,
        "state": ticket.state.value,
        "checkedInAt": None,
        "createdAt": ticket.created_at,
    }
