"""Reads of orders with their tickets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orders.event_cache import EventCache
from orders.model import Order
from orders.store import OrderStore
from orders.tickets.model import Ticket
from orders.tickets.store import TicketStore


@dataclass(frozen=True)
class OrderPage:
    """A page of orders with their tickets by order id, and the number of all orders."""

    orders: Sequence[Order]
    tickets: Mapping[str, Sequence[Ticket]]
    total: int


@dataclass(frozen=True)
class ListOrders:
    """Reads orders."""

    orders: OrderStore
    tickets: TicketStore
    events: EventCache

    def get(self, account_id: str, order_id: str) -> tuple[Order, Sequence[Ticket]]:
        """Return an order of an account with its tickets; raises OrderNotFound."""
        order = self.orders.get_of(account_id, order_id)
        return order, self.tickets.of_order(order.id)

    def tickets_of(self, order: Order) -> Sequence[Ticket]:
        """Return the tickets of an order; one without a payment has none yet."""
        if order.is_open:
            return ()
        return self.tickets.of_order(order.id)

    def any(self, order_id: str) -> tuple[Order, Sequence[Ticket]]:
        """Return an order of any account with its tickets; raises OrderNotFound."""
        return self.orders.get(order_id), self.tickets.of_order(order_id)

    def title_of(self, event_id: str) -> str:
        """Return the title of an event."""
        return self.events.get(event_id).title

    def of_account(self, account_id: str, page: int, limit: int) -> OrderPage:
        """Return a page of the orders of an account, newest first."""
        return self.find({"accountId": account_id}, page, limit)

    def find(self, wanted: Mapping[str, Any], page: int, limit: int) -> OrderPage:
        """Return a page of the orders that match, newest first."""
        orders, total = self.orders.find(wanted, page, limit)
        tickets: dict[str, list[Ticket]] = {order.id: [] for order in orders}
        for ticket in self.tickets.of_orders(tickets):
            tickets[ticket.order_id].append(ticket)
        return OrderPage(orders, tickets, total)
