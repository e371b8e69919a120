"""Queue of orders for the payment provider, in the database: first come, first served, PAYMENT_RATE a second."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from core import log
from core.clock import Clock
from core.concurrency.ttl_cache import TTLCache
from orders.model import Order, QueuePosition
from orders.order_change import ChangeOrder, OrderChange, changed
from orders.payment_order_store import PaymentOrders
from orders.payments.throttle_store import PaymentThrottle

LOG = log.get_logger("orders")
# The longest wait of a request for its turn; an order that must wait longer queues.
ADMISSION_MAX_WAIT = timedelta(seconds=1)
# The longest wait of a worker for the next turn of the queue.
QUEUE_MAX_WAIT = timedelta(milliseconds=100)
# How long it is known without a read that no order need wait.
OPEN_SECONDS = 0.25


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

    def admits_at_once(self) -> bool:
        """Return whether an order need not wait for its turn: no rate, and lately no pause and no queue.

        An answer of a moment ago does no harm: the provider refuses an order during a pause, which then queues.
        """
        return self.throttle is None or self._is_open(self.throttle)

    @cached_property
    def _is_open(self) -> TTLCache[PaymentThrottle, bool]:
        return TTLCache(self._read_is_open, OPEN_SECONDS)

    def _read_is_open(self, throttle: PaymentThrottle) -> bool:
        return throttle.is_open(self.clock()) and not self.orders.has_queue()

    def admit(self) -> bool:
        """Wait for a turn that is near; return False if the order must queue."""
        if self.throttle is None:
            return True
        if self.orders.has_queue():
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
        """Add an open order to the queue, which stops the clock of its hold; return the order."""
        return self.change.execute(order_id, self._queued)

    def pause(self, seconds: float) -> None:
        """Pause all payments for `seconds`, as the provider has asked."""
        LOG.warning("payments_paused", seconds=seconds)
        if self.throttle:
            self.throttle.pause(self.clock() + timedelta(seconds=seconds))
            self._is_open.invalidate()

    def position_of(self, order: Order) -> QueuePosition | None:
        """Return the position of an order in the queue, or None if it does not queue."""
        if order.queued_at is None or self.throttle is None:
            return None
        now = self.clock()
        before = self.orders.count_queued_before(order.id)
        hold_until = order.hold_until + (now - order.queued_at)
        return QueuePosition(before + 1, _eta_seconds(self.throttle, before, now), hold_until)

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


def _eta_seconds(throttle: PaymentThrottle, before: int, now: datetime) -> int:
    """Return the seconds until the payment of an order with `before` others before it, at least 1."""
    seconds = 0.0
    next_turn = throttle.next_turn()
    if next_turn and next_turn > now:
        seconds = (next_turn - now).total_seconds()
    seconds += throttle.duration_of(before).total_seconds()
    return max(math.ceil(seconds), 1)
