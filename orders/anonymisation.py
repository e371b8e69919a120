"""Anonymisation of the orders and tickets of a deleted account: the law keeps orders, without the name."""

from __future__ import annotations

from dataclasses import dataclass

from notifications.outbox.service import Outbox
from orders.store import OrderStore
from orders.tickets.store import TicketStore


@dataclass(frozen=True)
class AnonymiseOrders:
    """Removes names and e-mail addresses from orders and tickets, and deletes their e-mails. Idempotent."""

    orders: OrderStore
    tickets: TicketStore
    outbox: Outbox

    def execute(self, account_id: str) -> None:
        """Anonymise what a deleted account has bought or holds; its tickets stay valid by their codes."""
        order_ids = self.orders.anonymise(account_id)
        self.tickets.anonymise(account_id)
        if order_ids:
            self.outbox.erase(order_ids)
