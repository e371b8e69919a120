"""Reconciliation: asks the provider about unsettled orders, and compares orders and payments in both directions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import chain

from core import log
from core.clock import Clock, monotonic
from orders.asked_orders import AskedOrders
from orders.model import Order
from orders.payment import PayOrder
from orders.payment_comparison import ComparePayments
from orders.payments.gateway import PaymentUnanswered
from orders.store import OrderStore

LOG = log.get_logger("orders")
# How far the periodic task and the command look back for late payments of expired orders.
WINDOW = timedelta(hours=2)
COMMAND_WINDOW = timedelta(days=7)
BATCH = 1000
# Most expired orders that a periodic round asks about. Each order is asked about more and more seldom.
MAX_ASKED = 100
# After so many seconds a periodic round leaves the rest to the next one.
ROUND_SECONDS = 20.0


@dataclass(frozen=True)
class ReconcilePayments:
    """Settles payments that are not applied yet; idempotent. It continues the orders of a dead process."""

    orders: OrderStore
    pay: PayOrder
    compare: ComparePayments
    clock: Clock
    asked: AskedOrders = field(default_factory=lambda: AskedOrders(WINDOW))

    def execute(self, window: timedelta | None = None) -> int:
        """Ask about open and expired orders, then compare all payments; return the number of differences.

        With `window` all of that time is compared, else the time since the last round. The round ends when the provider
        does not answer.
        """
        count = self.ask(window)
        try:
            if window:
                count += self.compare.execute(self.clock() - window)
            else:
                count += self.compare.execute_new(WINDOW)
        except PaymentUnanswered:
            LOG.warning("reconciliation_stopped")
        return count

    def ask(self, window: timedelta | None = None) -> int:
        """Ask about open orders that no process works on, and expired ones; return how many changed.

        With `window` about all that were placed within it. Without, a round is limited in number and time.
        """
        deadline = monotonic() + ROUND_SECONDS
        count = 0
        try:
            for order in chain(self.orders.unattended(self.clock(), BATCH), self._expired(window)):
                count += self._differs(order)
                if window is None and monotonic() > deadline:
                    break
        except PaymentUnanswered:
            # Each further question would take its whole time-out.
            LOG.warning("reconciliation_stopped")
        if count:
            LOG.info("payments_reconciled", count=count)
        return count

    def _expired(self, window: timedelta | None) -> Iterable[Order]:
        """Return the expired orders to ask about, newest first."""
        now = self.clock()
        if window:
            return self.compare.orders.expired_since(now - window)
        return self.asked.due(self.compare.orders.expired_since(now - WINDOW), now, MAX_ASKED)

    def _differs(self, order: Order) -> bool:
        """Return whether an order changed. One that fails does not stop the others; raises PaymentUnanswered."""
        try:
            return self.pay.reconcile(order).state is not order.state
        except PaymentUnanswered:
            raise
        except Exception:  # boundary: the other orders are asked about
            LOG.exception("order_failed", order=order.id)
            return False
