"""Reports of the payment provider about payments, refunds and disputes, applied to their orders; idempotent."""

from __future__ import annotations

from dataclasses import dataclass, replace

from core import log
from orders import payment_flags
from orders.cancellation import Releases
from orders.errors import OrderNotFound
from orders.model import Order, OrderState, Refund, RefundState
from orders.order_change import OrderChange, changed
from orders.payment_order_store import PaymentOrders
from orders.payment_settlement import SettlePayment
from orders.payments.gateway import Payment
from orders.payments.reports import ChargeRefunded, PaymentDisputed, RefundFailed, Report
from orders.tickets.model import TicketState

LOG = log.get_logger("orders")


@dataclass(frozen=True)
class ApplyReports:
    """Applies reports; an order is found by its id, and by its payment in a dispute."""

    settle: SettlePayment
    orders: PaymentOrders
    releases: Releases

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
                return self._disputed(report.payment_id)

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
        def decide(order: Order) -> OrderChange | None:
            refunds = [_failed(refund, report.refund_id) for refund in order.refunds]
            if refunds == list(order.refunds):
                return None
            return OrderChange(before=order, after=changed(order, refunds=refunds))

        LOG.error("refund_failed", order=report.order_id)
        return self.settle.change.execute(report.order_id, decide)

    def _disputed(self, payment_id: str) -> Order:
        """Void the unused tickets of a disputed payment, whose money the bank has taken."""
        order_id = self.orders.id_of_payment(payment_id)
        if order_id is None:
            raise OrderNotFound
        before = self.settle.change.orders.get(order_id)
        order = self.settle.change.execute(order_id, self._withdrawn)
        if order.version != before.version:
            payment_flags.report(payment_flags.DISPUTED, order_id)
        return order

    def _withdrawn(self, order: Order) -> OrderChange | None:
        if order.flag == payment_flags.DISPUTED:
            return None
        tickets = self.releases.tickets.of_orders([order.id])
        valid = [ticket for ticket in tickets if ticket.state is TicketState.VALID]
        state = order.state
        if valid and not any(ticket.state is TicketState.CHECKED_IN for ticket in tickets):
            state = OrderState.CANCELLED
        now = self.releases.clock()
        after = changed(order, state=state, flag=payment_flags.DISPUTED, changed_at=now)
        return OrderChange(before=order, after=after, claims=self.releases.claims_of(order, valid), voids=valid)


def _failed(refund: Refund, refund_id: str) -> Refund:
    if refund.id != refund_id:
        return refund
    return replace(refund, state=RefundState.FAILED)
