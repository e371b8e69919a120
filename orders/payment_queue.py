"""Queue of orders for the payment provider, in the database: first come, first served, PAYMENT_RATE a second."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from core import log
from core.clock import Clock
from orders.model import Order, QueuePlace
from orders.order_change import ChangeOrder, OrderChange, changed
from orders.payment_order_store import PaymentOrders
from orders.payments.pace_store import PaymentPace

LOG = log.get_logger("orders")
# A buyer waits so long for a turn; beyond it the order queues.
PATIENCE = timedelta(seconds=1)
NO_PATIENCE = timedelta(milliseconds=100)


@dataclass(frozen=True)
class PaymentQueue:
    """Gives orders their turn at the provider; without `pace` every order has its turn at once.

    The row of the order says that it queues, so any worker carries on the queue of a dead one.
    """

    change: ChangeOrder
    orders: PaymentOrders
    pace: PaymentPace | None
    clock: Clock
    sleep: Callable[[float], None] = time.sleep

    def admit(self) -> bool:
        """Wait for a turn that is near; return False if the order must queue."""
        if self.pace is None:
            return True
        if self.orders.queued(1):
            return False
        return self._wait(self.pace, PATIENCE)

    def next_turn(self) -> bool:
        """Wait for the turn of the first order in the queue; return False if there is none now."""
        return self.pace is not None and self._wait(self.pace, NO_PATIENCE)

    def enqueue(self, order_id: str) -> Order:
        """Return the order, which queues from now on: the clock of its hold is stopped."""
        return self.change.execute(order_id, self._queued)

    def pause(self, seconds: float) -> None:
        """Let no order be paid for so long, as the provider has asked."""
        LOG.warning("payments_paused", seconds=seconds)
        if self.pace:
            self.pace.pause(self.clock() + timedelta(seconds=seconds))

    def place_of(self, order: Order) -> QueuePlace | None:
        """Return the place of an order in the queue, or None if it does not queue."""
        if order.queued_at is None or self.pace is None:
            return None
        now = self.clock()
        position = self.orders.count_queued_before(order.id) + 1
        wait = max((self.pace.next_turn() or now) - now, timedelta()).total_seconds()
        if self.pace.rate:
            wait += (position - 1) / self.pace.rate
        return QueuePlace(position, max(math.ceil(wait), 1), order.hold_until + (now - order.queued_at))

    def _wait(self, pace: PaymentPace, patience: timedelta) -> bool:
        now = self.clock()
        turn = pace.take(now, patience)
        if turn is None:
            return False
        if turn > now:
            self.sleep((turn - now).total_seconds())
        return True

    def _queued(self, order: Order) -> OrderChange | None:
        if not order.is_open or order.queued_at is not None:
            return None
        now = self.clock()
        return OrderChange(before=order, after=changed(order, queued_at=now, busy_until=now))
