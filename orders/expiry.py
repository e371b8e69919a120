"""Expiry of unpaid orders through the ticket group commit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core import log
from core.clock import Clock
from orders.deadline_expiry import ExpireRows
from orders.errors import OrderChanged
from orders.model import Order, OrderState
from orders.order_change import OrderChange, changed, opposite

LOG = log.get_logger("orders")


@dataclass(frozen=True)
class ExpireOrders(ExpireRows[Order]):
    """Ends open orders whose deadline has passed."""

    def _end(self, found: Sequence[Order]) -> int:
        count = sum(map(self._end_one, found))
        if count:
            LOG.info("orders_expired", count=count)
        return count

    def _end_one(self, order: Order) -> bool:
        """End an order; return whether it was still open."""
        try:
            self.group_commit.submit(expired(order, self.clock).request())
        except OrderChanged:  # It was paid, or another process has ended it.
            return False
        except Exception:  # boundary: the other orders are ended
            LOG.exception("order_failed", order=order.id)
            return False
        return True


def expired(order: Order, clock: Clock) -> OrderChange:
    """Return the change that ends an open order without a payment."""
    after = changed(order, state=OrderState.EXPIRED, payment_method="", changed_at=clock())
    released = opposite(order.lines)
    return OrderChange(before=order, after=after, claims=released, held=released)
