"""Comparison of orders with the provider's payments in both directions; each difference is settled or flagged once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice

from core import log
from core.clock import Clock
from orders import payment_flags
from orders.errors import OrderNotFound
from orders.model import Order, RefundState
from orders.payment_order_store import PaymentOrders
from orders.payment_reports import ApplyReports
from orders.payments.event_store import PaymentEvents
from orders.payments.gateway import Gateway, Payment, PaymentState, PaymentUnanswered

LOG = log.get_logger("orders")
BATCH_SIZE = 500
# Clocks differ, and the provider counts whole seconds.
OVERLAP = timedelta(minutes=5)
# The provider's search and lists show payments and refunds after at most this delay.
PROPAGATION_DELAY = timedelta(minutes=2)


@dataclass
class Progress:
    """The end of the period that this process has compared."""

    until: datetime | None = None


@dataclass(frozen=True)
class ComparePayments:
    """Compares paid orders with the succeeded payments of the provider."""

    orders: PaymentOrders
    gateway: Gateway
    reports: ApplyReports
    events: PaymentEvents
    clock: Clock
    progress: Progress = field(default_factory=Progress)

    def execute_new(self, window: timedelta) -> int:
        """Compare the time since the last complete round, at most `window`; return the number of differences."""
        now = self.clock()
        since = now - window
        if self.progress.until:
            since = max(since, self.progress.until - OVERLAP)
        count = self.execute(since)
        self.progress.until = now
        return count

    def execute(self, since: datetime) -> int:
        """Compare payments and orders made since `since`; return the number of new differences.

        Raises PaymentUnanswered if the provider does not answer.
        """
        now = self.clock()
        seen: set[str] = set()
        count = 0
        for batch in _batches(self.gateway.payments_since(since - OVERLAP)):
            seen.update(payment.id for payment in batch)
            known = self.orders.get_many({payment.order_id for payment in batch})
            for payment in batch:
                count += self._isolated(payment.order_id, lambda: self._compare(payment, known, now))  # noqa: B023
        for order in self.orders.paid_between(since, now - PROPAGATION_DELAY, self.gateway.name):
            if order.payment_id not in seen:
                count += self._isolated(order.id, lambda: self._look_for(order))  # noqa: B023
        return count

    def _compare(self, payment: Payment, known: dict[str, Order], now: datetime) -> bool:
        """Return whether a payment differs from its order, which is settled or flagged."""
        order = known.get(payment.order_id)
        if order is None:
            return self._report_unknown(payment)
        if payment.id != order.payment_id:
            return self._settle(payment, order)
        flag = _difference(payment, order, now)
        return bool(flag) and self.reports.flag(order.id, flag)

    def _settle(self, payment: Payment, order: Order) -> bool:
        """Apply a succeeded payment that the order does not have: issue tickets, or refund it."""
        is_in_progress = order.is_open and order.busy_until > self.clock()
        if payment.state is not PaymentState.SUCCEEDED or is_in_progress:
            return False
        return self.reports.settle.execute(payment).version != order.version

    def _look_for(self, order: Order) -> bool:
        """Flag a paid order whose payment the provider does not know, or not as succeeded."""
        payment = self.gateway.find(order.charge_key)
        if payment and payment.id == order.payment_id and payment.state is PaymentState.SUCCEEDED:
            return False
        return self.reports.flag(order.id, payment_flags.PAYMENT_MISSING)

    def _report_unknown(self, payment: Payment) -> bool:
        """Report a succeeded payment of an unknown order once; it is not refunded."""
        mark = f"unknown:{payment.id}"
        if payment.state is not PaymentState.SUCCEEDED or self.events.is_applied(mark):
            return False
        self.events.note(mark, self.clock())
        payment_flags.report(payment_flags.UNKNOWN_ORDER, payment.order_id)
        return True

    def _isolated(self, order_id: str, work: Callable[[], bool]) -> bool:
        """Return the result of `work`; an order that fails does not stop the others."""
        try:
            return work()
        except (PaymentUnanswered, OrderNotFound):
            raise
        except Exception:  # boundary: the other orders are compared
            LOG.exception("order_failed", order=order_id)
            return False


def _difference(payment: Payment, order: Order, now: datetime) -> str:
    """Return the flag of the difference between an order and its own payment, or nothing."""
    if payment.state is not PaymentState.SUCCEEDED:
        return _missing(order, now)
    if (payment.amount, payment.currency) != (order.total, order.currency):
        return payment_flags.AMOUNT_MISMATCH
    if payment.refunded > order.refunded_of(payment.id):
        return payment_flags.REFUNDED_AT_PROVIDER
    if payment.refunded < _refunded_before(order, now - PROPAGATION_DELAY):
        return payment_flags.REFUND_MISSING
    return ""


def _missing(order: Order, now: datetime) -> str:
    """Return the flag of a paid order without a payment; an older list may not have its payment as succeeded yet."""
    if order.paid_at and order.paid_at > now - PROPAGATION_DELAY:
        return ""
    return payment_flags.PAYMENT_MISSING


def _refunded_before(order: Order, moment: datetime) -> int:
    """Return the sum of the refunds of an order's payment that succeeded and were due before `moment`."""
    total = 0
    for refund in order.refunds:
        is_done = refund.state is RefundState.SUCCEEDED and refund.due_at < moment
        if is_done and refund.payment_id == order.payment_id:
            total += refund.amount
    return total


def _batches(payments: Iterable[Payment]) -> Iterator[list[Payment]]:
    rest = iter(payments)
    while batch := list(islice(rest, BATCH_SIZE)):
        yield batch
