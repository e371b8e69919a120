"""Reports of the payment provider about payments, refunds and disputes, applied to their orders; idempotent."""

from __future__ import annotations

from dataclasses import dataclass

from core import log
from orders import payment_flags
from orders.disputes import WithdrawDisputed
from orders.model import Order, Refund, RefundState
from orders.payment_settlement import SettlePayment
from orders.payments.gateway import Payment
from orders.payments.reports import ChargeRefunded, DisputeWon, PaymentDisputed, RefundFailed, Report
from orders.refund_record import RecordRefund, after_failure
from orders.won_disputes import RestoreDisputed

LOG = log.get_logger("orders")


@dataclass(frozen=True)
class ApplyReports:
    """Applies reports."""

    settle: SettlePayment
    withdraw: WithdrawDisputed
    restore: RestoreDisputed

    def execute(self, report: Report) -> Order:
        """Return the order after `report`; raises OrderNotFound."""
        match report:
            case Payment():
                return self.settle.execute(report)
            case ChargeRefunded():
                return self._charge_refunded(report)
            case RefundFailed():
                return self._refund_failed(report)
            case PaymentDisputed():
                return self.withdraw.execute(report)
            case DisputeWon():
                return self.restore.execute(report)

    def flag(self, order_id: str, flag: str) -> bool:
        """Flag an order, log and count it; return False if it has a flag already."""
        before = self.settle.change.orders.get(order_id)
        after = self.settle.change.execute(order_id, lambda order: payment_flags.flagged(order, flag))
        if before.flag or after.flag != flag:
            return False
        payment_flags.report(flag, order_id)
        return True

    def _charge_refunded(self, report: ChargeRefunded) -> Order:
        """Flag an order of which more was refunded than it knows of, such as in the provider's dashboard."""
        order = self.settle.change.orders.get(report.order_id)
        if report.refunded > order.refunded_of(report.payment_id):
            self.flag(order.id, payment_flags.REFUNDED_AT_PROVIDER)
        return order

    def _refund_failed(self, report: RefundFailed) -> Order:
        """Try a failed refund again with a new key. A repeated report finds the old key no more."""

        def step(refund: Refund) -> Refund:
            if refund.id != report.refund_id or refund.state is RefundState.FAILED:
                return refund
            return after_failure(refund, self.settle.clock())

        LOG.error("refund_failed", order=report.order_id)
        return RecordRefund(self.settle.change).execute(report.order_id, step)
