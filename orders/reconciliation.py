"""Reconciliation: asks the payment provider about orders of which it has not said what became of the payment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from core import log
from core.clock import Clock
from orders.model import Order
from orders.payment import PayOrder
from orders.store import OrderStore

LOG = log.get_logger("orders")
# So far back a late payment of an expired order is looked for every minute; the command looks back a week.
WINDOW = timedelta(hours=2)
COMMAND_WINDOW = timedelta(days=7)
BATCH = 1000


@dataclass(frozen=True)
class ReconcilePayments:
    """Settles what the provider knows; idempotent. A dead process's orders are carried on."""

    orders: OrderStore
    pay: PayOrder
    clock: Clock

    def execute(self, window: timedelta = WINDOW) -> int:
        """Ask about open orders that no process works on, and expired ones of `window`; return how many changed."""
        now = self.clock()
        found = [*self.orders.unattended(now, BATCH), *self.orders.expired_since(now - window, BATCH)]
        count = sum(self._differs(order) for order in found)
        if count:
            LOG.info("payments_reconciled", count=count)
        return count

    def _differs(self, order: Order) -> bool:
        return self.pay.reconcile(order).state is not order.state
