"""Consistency of orders: their tickets and their money are computed again.

The database finds the orders that do not add up, so that a million of them are compared within a minute.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from orders.model import Order, OrderState
from orders.order_audit_store import OrderAuditStore, TicketCounts

Mismatch = dict[str, Any]


@dataclass(frozen=True)
class FindOrderMismatches:
    """Finds orders whose tickets or money are wrong. It reads one snapshot, also while tickets are sold."""

    store: OrderAuditStore

    def execute(self) -> list[Mismatch]:
        """Return a row for each mismatch."""
        found: list[Mismatch] = []
        missing: list[Mismatch] = []
        with self.store.client.start_session(snapshot=True) as snapshot:
            for order_id, tickets, order in self.store.suspects(snapshot):
                if order is None:
                    missing.append({"orderId": order_id, "problem": "tickets_without_order"})
                else:
                    found += _mismatches(order, tickets)
        return found + missing


def _mismatches(order: Order, tickets: TicketCounts) -> Iterator[Mismatch]:
    if order.total != sum(item.price * item.quantity for item in order.items):
        yield {"orderId": order.id, "problem": "total_of_items"}
    if order.payment_id and order.refunded_of(order.payment_id) > order.total:
        yield {"orderId": order.id, "problem": "refunded_more_than_paid"}
    problem = _ticket_problem(order, tickets)
    if problem:
        yield {"orderId": order.id, "problem": problem, "usable": tickets.usable, "void": tickets.void}


def _ticket_problem(order: Order, tickets: TicketCounts) -> str:
    """Return what is wrong with the tickets of an order, or nothing."""
    issued = tickets.usable + tickets.void
    if order.state not in (OrderState.PAID, OrderState.CANCELLED):
        return "tickets_of_an_unpaid_order" if issued else ""
    if order.state is OrderState.CANCELLED and tickets.usable:
        return "usable_tickets_of_a_cancelled_order"
    wanted = sum(item.quantity for item in order.items)
    return "" if issued == wanted else "number_of_tickets"
