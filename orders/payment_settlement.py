"""Settlement of payments: the state of a payment becomes the state of its order, idempotently."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from core import log, metrics
from core.clock import Clock
from core.ids import new_id
from events.errors import SalesClosed
from inventory.errors import InsufficientStock
from orders.holds.model import Hold
from orders.holds.store import HoldStore
from orders.model import Order, OrderState, Refund, RefundState
from orders.order_change import ChangeOrder, OrderChange, changed, may_reopen, opposite
from orders.order_seats import sold_seats
from orders.payment_flags import AMOUNT_MISMATCH
from orders.payments.gateway import Payment, PaymentState
from orders.purchase_emails import OrderEmails
from orders.seats.errors import SeatTaken
from orders.tickets.issue import tickets_of
from orders.tickets.model import Ticket

LOG = log.get_logger("orders")
LATE = frozenset({OrderState.EXPIRED, OrderState.DECLINED})


@dataclass(frozen=True)
class Settled:
    """An order after a payment; `tickets` are those that were issued by it, none for one that was applied before."""

    order: Order
    tickets: Sequence[Ticket] = ()


@dataclass(frozen=True)
class SettlePayment:
    """Applies the state of a payment to its order."""

    change: ChangeOrder
    holds: HoldStore
    emails: OrderEmails
    clock: Clock

    def execute(self, payment: Payment, known: Order | None = None) -> Order:
        """Return the order after `payment`; it never goes back from PAID. Raises OrderNotFound.

        `known` is the order as the caller has seen it.
        """
        return self.settle(payment, known).order

    def settle(self, payment: Payment, known: Order | None = None) -> Settled:
        """Do the same as `execute`; return the tickets as well, so that they need not be read."""
        if payment.state is PaymentState.SUCCEEDED:
            return self._succeed(payment, known)
        if payment.state is PaymentState.DECLINED:
            return Settled(self.change.execute(payment.order_id, self._declined))
        return Settled(self.change.orders.get(payment.order_id))

    def _succeed(self, payment: Payment, known: Order | None) -> Settled:
        try:
            order, change = self.change.apply(payment.order_id, partial(self._paid, payment, known), known)
        except (InsufficientStock, SalesClosed, SeatTaken):
            return Settled(self.change.execute(payment.order_id, lambda order: self._returned(order, payment)))
        return Settled(order, change.issues if change else ())

    def _paid(self, payment: Payment, known: Order | None, order: Order) -> OrderChange | None:
        """Return the change to PAID; a late payment claims the tickets and the seats again.

        The decision on `known` is the first one; later ones read the events again.
        """
        if _is_known(order, payment):
            return None
        if not self._is_payable(order, cached=order is known) or not _matches(order, payment):
            return self._returned(order, payment)
        after = paid(order, payment, self.clock)
        tickets = tickets_of(after)
        emails = [self.emails.paid(after, tickets)]
        if order.is_open:
            return OrderChange(before=order, after=after, held=opposite(order.lines), issues=tickets, emails=emails)
        seats = sold_seats(after)
        return OrderChange(before=order, after=after, claims=order.lines, picks=seats, issues=tickets, emails=emails)

    def _is_payable(self, order: Order, *, cached: bool) -> bool:
        """Return whether the tickets of an order may be issued; those of an anonymous one would reach no person."""
        is_awaited = order.is_open or order.state in LATE
        return is_awaited and not order.is_anonymous and not self.emails.has_unsold_event(order, cached=cached)

    def _returned(self, order: Order, payment: Payment) -> OrderChange | None:
        """Return the change that gives a payment back: too late, of another amount, or a second one."""
        if _is_known(order, payment):
            return None
        now = self.clock()
        refund = Refund(
            id=new_id(now), payment_id=payment.id, amount=payment.amount, state=RefundState.PENDING, due_at=now
        )
        flag = order.flag
        if not _matches(order, payment):
            LOG.error("payment_mismatch", order=order.id)
            metrics.PAYMENT_DIFFERENCES.labels(AMOUNT_MISMATCH).inc()
            flag = AMOUNT_MISMATCH
        state = order.state if order.state in (OrderState.PAID, OrderState.CANCELLED) else OrderState.REFUNDED
        after = changed(
            order, state=state, refunds=[*order.refunds, refund], flag=flag, payment_method="", changed_at=now
        )
        emails = [self.emails.refunded(after, refund.amount)]
        if order.is_open:
            released = opposite(order.lines)
            return OrderChange(before=order, after=after, claims=released, held=released, emails=emails)
        return OrderChange(before=order, after=after, emails=emails)

    def _hold_of(self, order: Order) -> Hold | None:
        """Return the hold from which an order came; its clock was stopped while the order queued."""
        hold = self.holds.get(order.hold_id) if order.hold_id else None
        if hold is None:
            return None
        waited = order.waited
        if order.queued_at:
            waited += self.clock() - order.queued_at
        return replace(hold, expires_at=hold.expires_at + waited)

    def _declined(self, order: Order) -> OrderChange | None:
        """Return the change to DECLINED. The tickets go back to the hold from which the order came, if it lasts."""
        if not order.is_open:
            return None
        after = changed(order, state=OrderState.DECLINED, payment_method="", changed_at=self.clock())
        hold = self._hold_of(order)
        if hold and hold.expires_at > self.clock() and may_reopen(self.holds, hold):
            return OrderChange(before=order, after=after, reopens=hold)
        released = opposite(order.lines)
        return OrderChange(before=order, after=after, claims=released, held=released)


def paid(order: Order, payment: Payment | None, clock: Clock) -> Order:
    """Return `order` as paid; a free order has no payment."""
    now = clock()
    payment_id = payment.id if payment else ""
    return changed(order, state=OrderState.PAID, payment_id=payment_id, payment_method="", paid_at=now, changed_at=now)


def _matches(order: Order, payment: Payment) -> bool:
    return (payment.amount, payment.currency) == (order.total, order.currency)


def _is_known(order: Order, payment: Payment) -> bool:
    """Return whether this payment was applied to the order before."""
    known: Sequence[str] = [order.payment_id, *(refund.payment_id for refund in order.refunds)]
    return payment.id in known
