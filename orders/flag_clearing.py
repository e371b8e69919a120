"""Removal of the flag of an order whose payment differed, once the operator has explained the difference."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from audit.service import Audit
from core.mongo.transactions import Session
from orders.model import Order, RefundState
from orders.order_change import ChangeOrder, OrderChange, changed
from orders.payment_flags import REFUND_FAILED


@dataclass(frozen=True)
class ClearPaymentFlag:
    """Removes flags of orders."""

    change: ChangeOrder
    audit: Audit

    def execute(self, actor: str, order_id: str) -> str:
        """Remove the flag of an order with an audit record; return it, or nothing without one. Raises OrderNotFound.

        If it hid that a refund has failed, the order is flagged for that from now on.
        """
        removed = [""]

        def decide(order: Order) -> OrderChange | None:
            removed[0] = order.flag
            if not order.flag:
                return None
            after = changed(order, flag=_next_flag(order))
            return OrderChange(before=order, after=after, record=partial(self._record, actor, order, after.flag))

        self.change.execute(order_id, decide)
        return removed[0]

    def _record(self, actor: str, order: Order, flag: str, session: Session) -> None:
        self.audit.record(session, actor, "order.flag_cleared", order.id, {"flag": order.flag}, {"flag": flag})


def _next_flag(order: Order) -> str:
    has_failed = any(refund.state is RefundState.FAILED for refund in order.refunds)
    if has_failed and order.flag != REFUND_FAILED:
        return REFUND_FAILED
    return ""
