"""Results of refunds in their orders: a failed one gets a new key a few times, then its order is flagged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from core.ids import new_id
from orders import payment_flags
from orders.model import Order, Refund, RefundState
from orders.order_change import ChangeOrder, OrderChange, changed

# A refund that has failed so often is not tried again.
MAX_FAILURES = 4
FIRST_PAUSE = timedelta(hours=1)
# Each pause after a failure is so many times the one before.
PAUSE_FACTOR = 4


@dataclass(frozen=True)
class RecordRefund:
    """Writes what became of a refund."""

    change: ChangeOrder

    def execute(self, order_id: str, step: Callable[[Refund], Refund]) -> Order:
        """Replace each refund of an order by the result of `step`; flag the order if one has failed for good."""
        flagged: list[str] = []

        def decide(order: Order) -> OrderChange | None:
            flagged.clear()
            refunds = [step(refund) for refund in order.refunds]
            if refunds == list(order.refunds):
                return None
            flag = order.flag
            if _count_failed(refunds) > _count_failed(order.refunds):
                flagged.append(payment_flags.REFUND_FAILED)
                flag = flag or payment_flags.REFUND_FAILED
            return OrderChange(before=order, after=changed(order, refunds=refunds, flag=flag))

        order = self.change.execute(order_id, decide)
        for flag in flagged:
            payment_flags.report(flag, order_id)
        return order


def after_failure(refund: Refund, now: datetime) -> Refund:
    """Return the refund with a new key that is tried in place of one that failed; FAILED after MAX_FAILURES."""
    failures = refund.failures + 1
    if failures >= MAX_FAILURES:
        return replace(refund, failures=failures, state=RefundState.FAILED)
    return Refund(
        id=new_id(now),
        payment_id=refund.payment_id,
        amount=refund.amount,
        state=RefundState.PENDING,
        due_at=now + FIRST_PAUSE * PAUSE_FACTOR**refund.failures,
        failures=failures,
    )


def _count_failed(refunds: Sequence[Refund]) -> int:
    return sum(refund.state is RefundState.FAILED for refund in refunds)
