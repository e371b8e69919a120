"""The stored data about an account's tickets, as JSON members: reservations, holds, orders and tickets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from accounts.model import Account
from core.clock import iso
from orders.holds.schemas import own_hold_members
from orders.holds.store import HoldStore
from orders.listing import ListOrders
from orders.model import Order
from orders.reservations.own import OwnReservations
from orders.schemas import order_members
from orders.tickets.listing import ListTickets
from orders.tickets.model import Ticket
from orders.tickets.schemas import ticket_members

MAX_ORDERS = 500
Members = Mapping[str, Any]


@dataclass(frozen=True)
class ExportOwnTickets:
    """Exports what an account has reserved, held and bought (GDPR, article 15)."""

    reservations: OwnReservations
    holds: HoldStore
    orders: ListOrders
    tickets: ListTickets

    def execute(self, account: Account) -> Mapping[str, Sequence[Members]]:
        """Return the rows by kind, at most the newest 500 orders."""
        page = self.orders.of_account(account.id, 1, MAX_ORDERS)
        tickets = self.tickets.held_by(account)
        return {
            "reservations": self.reservations.export(account.id),
            "holds": [own_hold_members(hold) for hold in self.holds.active_of(account.id)],
            "orders": [_order_data(order, page.tickets[order.id]) for order in page.orders],
            "tickets": [{**ticket_members(ticket, event), **_holder(ticket)} for ticket, event in tickets],
        }


def _order_data(order: Order, tickets: Sequence[Ticket]) -> Members:
    """Return the order as its account sees it, with the stored name, address and language of the buyer."""
    members = order_members(order, tickets)
    stored = {"name": order.name, "email": order.email, "language": order.language}
    if order.paid_at:
        stored["paidAt"] = iso(order.paid_at)
    return {**members, **stored}


def _holder(ticket: Ticket) -> Members:
    return {"holderName": ticket.holder_name, "holderEmail": ticket.holder_email}
