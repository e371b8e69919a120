"""Queue of orders for the payment provider, in the database: first come, first served, PAYMENT_RATE a second."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from core import log
from core.clock import Clock
from orders.model import Order, QueuePosition
from orders.order_change import ChangeOrder, OrderChange, changed
from orders.payment_order_store import PaymentOrders
from orders.payments.throttle_store import PaymentThrottle

LOG = log.get_logger("orders")
# A buyer waits so long for a turn; beyond it the order queues.
ADMISSION_MAX_WAIT = timedelta(seconds=1)
QUEUE_MAX_WAIT = timedelta(milliseconds=100)


@dataclass(frozen=True)
class PaymentQueue:
    """Gives orders their turn at the provider; without `throttle` every order has its turn at once.

    The row of the order says that it queues, so any worker carries on the queue of a dead one.
    """

    change: ChangeOrder
    orders: PaymentOrders
    throttle: PaymentThrottle | None
    clock: Clock
    sleep: Callable[[float], None] = time.sleep

    def admit(self) -> bool:
        """Wait for a turn that is near; return False if the order must queue."""
        if self.throttle is None:
            return True
        if self.orders.queued(1):
            return False
        return self._wait(self.throttle, ADMISSION_MAX_WAIT)

    def next_turn(self) -> bool:
        """Wait for the turn of the first order in the queue; return False if there is none now.

        Without `throttle` the orders that queue from before a change of PAYMENT_RATE have their turn at once.
        """
        if self.throttle is None:
            return True
        return self._wait(self.throttle, QUEUE_MAX_WAIT)

    def enqueue(self, order_id: str) -> Order:
        """Return the order, which queues from now on: the clock of its hold is stopped."""
        return self.change.execute(order_id, self._queued)

    def pause(self, seconds: float) -> None:
        """Let no order be paid for so long, as the provider has asked."""
        LOG.warning("payments_paused", seconds=seconds)
        if self.throttle:
            self.throttle.pause(self.clock() + timedelta(seconds=seconds))

    def position_of(self, order: Order) -> QueuePosition | None:
        """Return the position of an order in the queue, or None if it does not queue."""
        if order.queued_at is None or self.throttle is None:
            return None
        now = self.clock()
        position = self.orders.count_queued_before(order.id) + 1
        wait = max((self.throttle.next_turn() or now) - now, timedelta()).total_seconds()
        if self.throttle.rate:
            wait += (position - 1) / self.throttle.rate
        return QueuePosition(position, max(math.ceil(wait), 1), order.hold_until + (now - order.queued_at))

    def _wait(self, throttle: PaymentThrottle, max_wait: timedelta) -> bool:
        now = self.clock()
        turn = throttle.reserve(now, max_wait)
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
