"""Anonymisation of orders and tickets: the law keeps orders, amounts and dates, without names and e-mail addresses.

The e-mails about an order are deleted. An order goes last, because a repeated run finds it by its address.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from core.clock import Clock
from core.schema_fields import normalize_email
from events.model import Event
from notifications.outbox.service import Outbox
from orders.model import Order
from orders.store import OrderStore
from orders.tickets.store import TicketStore

BATCH = 500
# Returns events in any state by id.
ReadEvents = Callable[[Iterable[str]], Mapping[str, Event]]


@dataclass(frozen=True)
class AnonymiseOrders:
    """Removes names and e-mail addresses. Tickets stay valid by their codes. Idempotent and resumable."""

    orders: OrderStore
    tickets: TicketStore
    outbox: Outbox
    read_events: ReadEvents
    clock: Clock

    def execute(self, account_id: str) -> None:
        """Anonymise what a deleted account has bought or holds."""
        self._anonymise(self.orders.ids_of(account_id))
        self.tickets.anonymise_of(account_id)

    def by_email(self, email: str) -> int:
        """Anonymise the orders and tickets of an address; return the number of orders. Raises ValueError."""
        address = normalize_email(email)
        order_ids = self.orders.ids_by_email(address)
        self._anonymise(order_ids)
        self.tickets.anonymise_address(address)
        return len(order_ids)

    def before(self, days: int) -> int:
        """Anonymise the orders whose last event was more than `days` days ago, with all of their tickets."""
        limit = self.clock() - timedelta(days=days)
        count = 0
        named = self.orders.named_before(limit)
        while page := list(islice(named, BATCH)):
            order_ids = self._over_before(limit, page)
            self.tickets.anonymise_all(order_ids)
            self._anonymise(order_ids)
            count += len(order_ids)
        return count

    def _anonymise(self, order_ids: Sequence[str]) -> None:
        for start in range(0, len(order_ids), BATCH):
            page = order_ids[start : start + BATCH]
            self.outbox.erase(page)
            self.orders.anonymise(page)
            # A change of an order may have written an e-mail in between.
            self.outbox.erase(page)

    def _over_before(self, limit: datetime, orders: Sequence[Order]) -> list[str]:
        """Return the ids of the orders that have ended and whose events were all before `limit`."""
        events = self.read_events({item.event_id for order in orders for item in order.items})
        over = []
        for order in orders:
            dates = [events[item.event_id].date for item in order.items if item.event_id in events]
            if not order.is_open and max(dates, default=order.created_at) < limit:
                over.append(order.id)
        return over
