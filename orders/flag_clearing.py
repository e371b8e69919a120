"""Removal of the flag of an order whose payment differed, once the operator has explained the difference."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from audit.service import Audit
from core.mongo.transactions import Session
from orders.model import Order
from orders.order_change import ChangeOrder, OrderChange, changed


@dataclass(frozen=True)
class ClearPaymentFlag:
    """Removes flags of orders."""

    change: ChangeOrder
    audit: Audit

    def execute(self, actor: str, order_id: str) -> str:
        """Remove the flag of an order with an audit record; return it, or nothing without one. Raises OrderNotFound."""
        removed = [""]

        def decide(order: Order) -> OrderChange | None:
            removed[0] = order.flag
            if not order.flag:
                return None
            record = partial(self._record, actor, order)
            return OrderChange(before=order, after=changed(order, flag=""), record=record)

        self.change.execute(order_id, decide)
        return removed[0]

    def _record(self, actor: str, order: Order, session: Session) -> None:
        self.audit.record(session, actor, "order.flag_cleared", order.id, {"flag": order.flag}, {"flag": ""})
