"""Refunds at the payment provider: each has its own idempotency key and is retried until the provider answers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from core import log
from core.clock import Clock
from orders.model import Order, Refund, RefundState
from orders.order_change import ChangeOrder
from orders.payments.gateway import Gateway, PaymentUnanswered, Repayment, RepaymentFailed, RepaymentRefused
from orders.refund_record import RecordRefund, after_failure

LOG = log.get_logger("orders")
FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(hours=1)
BATCH = 200


@dataclass(frozen=True)
class ExecuteRefunds:
    """Carries out pending refunds."""

    change: ChangeOrder
    gateway: Gateway
    clock: Clock

    def execute(self) -> int:
        """Try all refunds that are due; return the number of orders with one."""
        found = self.change.orders.with_due_refunds(self.clock(), BATCH)
        for order in found:
            try:
                self.execute_of(order)
            except Exception:  # boundary: the refunds of other orders are tried
                LOG.exception("order_failed", order=order.id)
        return len(found)

    def execute_of(self, order: Order) -> Order:
        """Try the due refunds of an order; return the order afterwards."""
        for refund in order.refunds:
            if refund.state is RefundState.PENDING and refund.due_at <= self.clock():
                order = self._record(order, refund, self._tried(order, refund))
        return order

    def _tried(self, order: Order, refund: Refund) -> Refund:
        """Return the refund after a try."""
        repayment = Repayment(
            key=refund.id,
            order_id=order.id,
            payment_id=refund.payment_id,
            amount=refund.amount,
            currency=order.currency,
        )
        try:
            self.gateway.refund(repayment)
        except PaymentUnanswered:
            pause = min(FIRST_PAUSE * 2**refund.attempts, LONGEST_PAUSE)
            return replace(refund, attempts=refund.attempts + 1, due_at=self.clock() + pause)
        except RepaymentFailed:
            LOG.error("refund_failed", order=order.id)
            return after_failure(refund, self.clock())
        except RepaymentRefused:
            LOG.error("refund_refused", order=order.id)
            return replace(refund, attempts=refund.attempts + 1, state=RefundState.FAILED)
        return replace(refund, attempts=refund.attempts + 1, state=RefundState.SUCCEEDED)

    def _record(self, order: Order, before: Refund, tried: Refund) -> Order:
        """Write `tried` in the place of the refund that was tried, unless another process has written it."""

        def step(present: Refund) -> Refund:
            if present.id == before.id and present.state is RefundState.PENDING:
                return tried
            return present

        return RecordRefund(self.change).execute(order.id, step)
