"""Memory of the expired orders about whose payment this process has asked: each question doubles the pause."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from orders.model import Order


@dataclass
class AskedOrders:
    """When the provider was last asked about each expired order, for at most `window`."""

    window: timedelta
    _asked_at: dict[str, datetime] = field(default_factory=dict)

    def due(self, orders: Iterable[Order], now: datetime, limit: int) -> Iterator[Order]:
        """Yield up to `limit` orders to ask about, and note them as asked."""
        self._forget(now - self.window)
        for order in orders:
            if limit <= 0:
                return
            if self._is_due(order, now):
                limit -= 1
                self._asked_at[order.id] = now
                yield order

    def _is_due(self, order: Order, now: datetime) -> bool:
        """Return whether as much time has passed since the last question as between the expiry and that question."""
        asked_at = self._asked_at.get(order.id)
        if asked_at is None:
            return True
        ended_at = order.changed_at or order.created_at
        return now - asked_at >= asked_at - ended_at

    def _forget(self, moment: datetime) -> None:
        old = [order_id for order_id, asked_at in self._asked_at.items() if asked_at < moment]
        for order_id in old:
            del self._asked_at[order_id]
