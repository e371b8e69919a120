"""Expiry of unpaid orders: by the deadline where their stock is claimed, and by the scheduler."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from core import log, metrics
from core.clock import Clock
from inventory.group_commit import GroupCommit
from orders.errors import OrderChanged
from orders.holds.expiry import BATCH, OVERDUE, ExpiryHorizon
from orders.model import Order, OrderState
from orders.order_change import OrderChange, changed, opposite
from orders.store import OrderStore

LOG = log.get_logger("orders")


@dataclass(frozen=True)
class ExpireOrders:
    """Ends open orders whose deadline has passed."""

    group_commit: GroupCommit
    orders: OrderStore
    clock: Clock
    horizon: ExpiryHorizon

    def execute(self) -> int:
        """End all open orders whose deadline has passed; return their number."""
        return self._end(self.orders.expired(self.clock(), BATCH))

    def execute_overdue(self) -> int:
        """End the orders that the process with the scheduler's lease should have ended."""
        return self._end(self.orders.expired(self.clock() - OVERDUE, BATCH))

    def end_expired_of(self, stock_ids: Iterable[str]) -> bool:
        """End the expired orders of the stock; return whether there was any."""
        now = self.clock()
        due = self.horizon.due(stock_ids, now)
        if not due:
            return False
        ended = self._end(self.orders.expired_of(due, now, BATCH))
        self.horizon.note(due, now, self.orders.next_expiry)
        return ended > 0

    def _end(self, found: Sequence[Order]) -> int:
        count = 0
        for order in found:
            with suppress(OrderChanged):  # It was paid, or another process has ended it.
                self.group_commit.submit(_expired(order, self.clock).request())
                count += 1
        if count:
            metrics.ORDERS.labels(OrderState.EXPIRED.value).inc(count)
            LOG.info("orders_expired", count=count)
        return count


def _expired(order: Order, clock: Clock) -> OrderChange:
    after = changed(order, state=OrderState.EXPIRED, payment_method="", changed_at=clock())
    released = opposite(order.lines)
    return OrderChange(before=order, after=after, claims=released, held=released)
