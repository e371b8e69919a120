"""Expiry of unpaid orders: by the deadline where their stock is claimed, and by the scheduler."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from core import log
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
        return self._end_until(self.clock())

    def execute_overdue(self) -> int:
        """End the orders that the process with the scheduler's lease should have ended."""
        return self._end_until(self.clock() - OVERDUE)

    def end_expired_of(self, stock_ids: Iterable[str]) -> bool:
        """End the expired orders of the stock; return whether there was any."""
        now = self.clock()
        due = self.horizon.due(stock_ids, now)
        if not due:
            return False
        found = self.orders.expired_of(due, now, BATCH)
        self._end(found)
        self.horizon.note(due, now, self.orders.next_expiry)
        return bool(found)  # Also if another process was first.

    def _end_until(self, deadline: datetime) -> int:
        count = 0
        while found := self.orders.expired(deadline, BATCH):
            ended = self._end(found)
            count += ended
            if not ended:  # Each of them fails: the next round tries them again.
                break
        return count

    def _end(self, found: Sequence[Order]) -> int:
        count = sum(map(self._end_one, found))
        if count:
            LOG.info("orders_expired", count=count)
        return count

    def _end_one(self, order: Order) -> bool:
        """End an order; return whether it was still open. An order that fails does not stop the others."""
        try:
            self.group_commit.submit(_expired(order, self.clock).request())
        except OrderChanged:  # It was paid, or another process has ended it.
            return False
        except Exception:  # boundary: the other orders are ended
            LOG.exception("order_failed", order=order.id)
            return False
        return True


def _expired(order: Order, clock: Clock) -> OrderChange:
    after = changed(order, state=OrderState.EXPIRED, payment_method="", changed_at=clock())
    released = opposite(order.lines)
    return OrderChange(before=order, after=after, claims=released, held=released)
