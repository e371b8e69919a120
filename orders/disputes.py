"""Disputed payments: the unused tickets are void, as the buyer's bank has taken the money back.

Each dispute counts once, whatever event of it comes first; another one of the same payment counts again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from audit.service import Audit
from core.mongo.transactions import Session
from orders import payment_flags
from orders.cancellation import Releases
from orders.errors import OrderNotFound
from orders.model import Dispute, Order, OrderState
from orders.order_change import OrderChange, changed
from orders.payment_order_store import PaymentOrders
from orders.payment_settlement import SettlePayment
from orders.payments.gateway import Gateway, PaymentState, PaymentUnanswered
from orders.payments.reports import PaymentDisputed
from orders.tickets.model import Ticket, TicketState, ids_of


@dataclass(frozen=True)
class DisputedOrders:
    """Finds the orders of disputed payments."""

    settle: SettlePayment
    orders: PaymentOrders
    gateway: Gateway

    def find(self, payment_id: str) -> Order:
        """Return the order of a payment; one whose own event has not come yet is settled first.

        Raises OrderNotFound, and PaymentUnanswered if the provider must be asked and does not answer.
        """
        order_id = self.orders.id_of_payment(payment_id)
        if order_id is not None:
            return self.settle.change.orders.get(order_id)
        payment = self.gateway.get(payment_id)
        if payment is None:
            raise OrderNotFound
        if payment.state is not PaymentState.SUCCEEDED:  # An answer from before: what is disputed was paid.
            raise PaymentUnanswered
        return self.settle.execute(payment)


@dataclass(frozen=True)
class WithdrawDisputed:
    """Withdraws what a disputed payment has paid."""

    disputed: DisputedOrders
    releases: Releases
    audit: Audit

    def execute(self, opened: PaymentDisputed) -> Order:
        """Return the order after the opening of a dispute, with an audit record; a second event changes nothing.

        Raises OrderNotFound, and PaymentUnanswered if the provider must be asked and does not answer.
        """
        before = self.disputed.find(opened.payment_id)
        order = self.disputed.settle.change.execute(before.id, partial(self._withdrawn, opened))
        if order.version != before.version:
            payment_flags.report(payment_flags.DISPUTED, order.id)
        return order

    def _withdrawn(self, opened: PaymentDisputed, order: Order) -> OrderChange | None:
        if find_dispute(order, opened.dispute_id):
            return None
        tickets: Sequence[Ticket] = ()
        if order.payment_id == opened.payment_id:  # A second payment has paid no ticket.
            tickets = self.releases.tickets.of_orders([order.id])
        valid = [ticket for ticket in tickets if ticket.state is TicketState.VALID]
        state = order.state
        if valid and not any(ticket.state is TicketState.CHECKED_IN for ticket in tickets):
            state = OrderState.CANCELLED
        dispute = Dispute(id=opened.dispute_id, payment_id=opened.payment_id, voided=ids_of(valid))
        after = changed(
            order,
            state=state,
            flag=payment_flags.DISPUTED,
            disputes=[*order.disputes, dispute],
            changed_at=self.releases.clock(),
        )
        return OrderChange(
            before=order,
            after=after,
            claims=self.releases.claims_of(order, valid),
            voids=valid,
            record=partial(record_dispute, self.audit, "order.disputed", order, after, len(valid)),
        )


def find_dispute(order: Order, dispute_id: str) -> Dispute | None:
    """Return a dispute of an order by its id at the provider, or None."""
    return next((dispute for dispute in order.disputes if dispute.id == dispute_id), None)


def record_dispute(audit: Audit, action: str, before: Order, after: Order, count: int, session: Session) -> None:
    """Add an audit record of what a dispute has changed, and of how many tickets, within the caller's transaction."""
    was = {"state": before.state.value, "flag": before.flag}
    now = {"state": after.state.value, "flag": after.flag, "tickets": count}
    audit.record(session, "service", action, before.id, was, now)
