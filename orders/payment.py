"""Payment of an order outside of any transaction: HELD to PAYING, the provider's answer, its settlement."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

from core import log, metrics
from core.clock import Clock, monotonic
from orders.expiry import expired
from orders.model import Order, OrderState
from orders.order_change import ChangeOrder, OrderChange, changed
from orders.payment_queue import PaymentQueue
from orders.payment_settlement import SettlePayment
from orders.payments.gateway import Charge, Gateway, Payment, PaymentState, PaymentThrottled, PaymentUnanswered
from orders.tickets.model import Ticket

LOG = log.get_logger("orders")
# Time beyond the provider's time-out, for a slow process and the settlement's transaction.
GRACE = timedelta(seconds=10)


@dataclass(frozen=True)
class Attempt:
    """An order after an attempt to pay it, with the tickets that were issued by this attempt.

    With `client_secret` the buyer confirms the payment, if that is needed.
    """

    order: Order
    tickets: Sequence[Ticket] = ()
    client_secret: str = field(default="", repr=False)


@dataclass(frozen=True)
class PayOrder:
    """Pays orders; a repeated payment of an order has the same key at the provider, which takes the money once."""

    change: ChangeOrder
    settle: SettlePayment
    gateway: Gateway
    queue: PaymentQueue
    clock: Clock
    timeout: timedelta

    def prepared(self, order: Order) -> Order:
        """Return a new order in the state in which it is stored.

        If it need not wait for its turn, it is PAYING from the start. That saves a transaction.
        """
        if self.queue.admits_at_once():
            return replace(self._paying(order), version=order.version)
        return order

    def execute_prepared(self, order: Order) -> Attempt:
        """Do the same as `execute` for a new order; one that is PAYING already is the caller's to pay."""
        if order.state is not OrderState.PAYING:
            return self.execute(order)
        if order.busy_until - self.timeout > self.clock():
            return self._pay(order)
        # The lease was counted from before a long wait for the database.
        return self._renew(order)

    def _renew(self, held: Order) -> Attempt:
        """Take the lease of an order again and pay it, unless it was changed meanwhile."""
        taken: list[Order] = []

        def take(order: Order) -> OrderChange | None:
            taken.clear()
            if order.version != held.version:
                return None
            taken.append(order)
            return OrderChange(before=order, after=self._paying(order))

        order = self.change.execute(held.id, take, known=held)
        return self._pay(order) if taken else Attempt(order)

    def execute(self, order: Order) -> Attempt:
        """Pay an open order that no process works on, or add it to the queue; return the order afterwards.

        It is still PAYING if the provider did not answer.
        """
        if not self.queue.admit():
            return Attempt(self.queue.enqueue(order.id))
        order = self.change.execute(order.id, self._begin, known=order)
        if order.state is not OrderState.PAYING:
            return Attempt(order)
        return self._pay(order)

    def execute_queued(self, order_id: str) -> bool:
        """Pay an order that queues; return False if another worker has taken it.

        One whose event was cancelled while it queued ends without a payment.
        """
        taken: list[str] = []

        def take(order: Order) -> OrderChange | None:
            taken.clear()
            if order.queued_at is None:
                return None
            taken.append(order.id)
            if self.settle.emails.has_unsold_event(order):
                return expired(order, self.clock)
            return self._begin(order)

        order = self.change.execute(order_id, take)
        if taken and order.state is OrderState.PAYING:
            self._pay(order)
        return bool(taken)

    def _pay(self, order: Order) -> Attempt:
        charge = Charge(
            key=order.charge_key,
            order_id=order.id,
            amount=order.total,
            currency=order.currency,
            token=order.payment_method,
        )
        try:
            payment = _authorise(self.gateway, charge)
        except PaymentThrottled as error:
            self.queue.pause(error.retry_after)
            return Attempt(self.queue.enqueue(order.id))
        if payment is None:
            return Attempt(order)
        if payment.state is PaymentState.ACTION_REQUIRED:
            waiting = self.change.execute(order.id, partial(_await_buyer, payment.id, self.clock()))
            return Attempt(waiting, client_secret=payment.client_secret)
        settled = self.settle.settle(payment, known=order)
        return Attempt(settled.order, settled.tickets)

    def client_secret(self, order: Order) -> str:
        """Return the secret with which the buyer confirms the payment of an open order, or nothing."""
        if order.state is not OrderState.PAYING:
            return ""
        try:
            payment = _unconfirmed(self.gateway, order)
        except PaymentThrottled as error:
            self.queue.pause(error.retry_after)
            return ""
        except PaymentUnanswered:
            return ""
        if payment is None or payment.state is not PaymentState.ACTION_REQUIRED:
            return ""
        return payment.client_secret

    def reconcile(self, order: Order) -> Order:
        """Settle the provider's payment of an order; an open order without one is paid.

        Raises PaymentUnanswered if the provider does not say whether there is a payment.
        """
        payment = self.gateway.find(order.charge_key)
        if payment and payment.state is PaymentState.ACTION_REQUIRED:
            return self.change.execute(order.id, partial(_await_buyer, payment.id, self.clock()))
        if payment:
            return self.settle.execute(payment)
        return self.execute(order).order if order.is_open else order

    def _begin(self, order: Order) -> OrderChange | None:
        """Return the change to PAYING; the deadline leaves time for the answer. An anonymous order ends without it."""
        if not order.is_open or (order.busy_until > self.clock() and order.state is OrderState.PAYING):
            return None
        if order.is_anonymous:
            return expired(order, self.clock)
        return OrderChange(before=order, after=self._paying(order))

    def _paying(self, order: Order) -> Order:
        """Return the next version of an order, which this process pays."""
        now = self.clock()
        busy_until = now + self.timeout + GRACE
        waited = timedelta()
        if order.queued_at:
            waited = now - order.queued_at
        return changed(
            order,
            state=OrderState.PAYING,
            busy_until=busy_until,
            hold_until=max(order.hold_until + waited, busy_until),
            queued_at=None,
            waited=order.waited + waited,
            provider=self.gateway.name,
            unconfirmed_payment_id="",
        )


def _unconfirmed(gateway: Gateway, order: Order) -> Payment | None:
    """Return the payment to confirm; it is known by its id before a search at the provider finds it."""
    if order.unconfirmed_payment_id:
        return gateway.get(order.unconfirmed_payment_id)
    return gateway.find(order.charge_key)


def _await_buyer(payment_id: str, now: datetime, order: Order) -> OrderChange | None:
    """Return the change that ends the work of this process, until the buyer confirms."""
    if order.state is not OrderState.PAYING or order.unconfirmed_payment_id == payment_id:
        return None
    after = changed(order, busy_until=min(order.busy_until, now), unconfirmed_payment_id=payment_id)
    return OrderChange(before=order, after=after)


def _authorise(gateway: Gateway, charge: Charge) -> Payment | None:
    try:
        with _timed():
            return gateway.authorise(charge)
    except PaymentThrottled:
        raise
    except PaymentUnanswered:
        LOG.warning("payment_unanswered", order=charge.order_id)
        return None


@contextmanager
def _timed() -> Iterator[None]:
    started = monotonic()
    result = "failed"
    try:
        yield
        result = "answered"
    except PaymentUnanswered:
        result = "unanswered"
        raise
    finally:
        metrics.PAYMENT_SECONDS.labels(result).observe(monotonic() - started)
