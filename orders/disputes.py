"""Disputed payments: the unused tickets are void, as the buyer's bank has taken the money back.

Each dispute counts once, whatever event of it comes first; another one of the same payment counts again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from orders import payment_flags
from orders.cancellation import Releases
from orders.errors import OrderNotFound
from orders.model import Dispute, Order, OrderState
from orders.order_change import OrderChange, changed
from orders.payment_order_store import PaymentOrders
from orders.payment_settlement import SettlePayment
from orders.payments.gateway import Gateway, PaymentState, PaymentUnanswered
from orders.payments.reports import DisputeWon, PaymentDisputed
from orders.tickets.model import Ticket, TicketState


@dataclass(frozen=True)
class WithdrawDisputed:
    """Withdraws what a disputed payment has paid."""

    settle: SettlePayment
    orders: PaymentOrders
    releases: Releases
    gateway: Gateway

    def execute(self, opened: PaymentDisputed) -> Order:
        """Return the order after the opening of a dispute; a second event of it changes nothing.

        Raises OrderNotFound, and PaymentUnanswered if the provider must be asked and does not answer.
        """
        order_id = self._order_of(opened.payment_id)
        before = self.settle.change.orders.get(order_id)
        order = self.settle.change.execute(order_id, partial(self._withdrawn, opened))
        if order.version != before.version:
            payment_flags.report(payment_flags.DISPUTED, order_id)
        return order

    def note_won(self, won: DisputeWon) -> Order:
        """Return the order, flagged for the operator: the money is back, the tickets are void. Raises OrderNotFound.

        The opening of the dispute may come later, and voids nothing then.
        """
        order_id = self._order_of(won.payment_id)
        before = self.settle.change.orders.get(order_id)
        order = self.settle.change.execute(order_id, partial(_won, won))
        if order.flag != before.flag:
            payment_flags.report(payment_flags.DISPUTE_WON, order_id)
        return order

    def _order_of(self, payment_id: str) -> str:
        """Return the id of a payment's order; a payment whose own event has not come yet is settled first."""
        order_id = self.orders.id_of_payment(payment_id)
        if order_id is not None:
            return order_id
        payment = self.gateway.get(payment_id)
        if payment is None:
            raise OrderNotFound
        if payment.state is not PaymentState.SUCCEEDED:  # An answer from before: what is disputed was paid.
            raise PaymentUnanswered
        return self.settle.execute(payment).id

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
        dispute = Dispute(id=opened.dispute_id, payment_id=opened.payment_id)
        after = changed(
            order,
            state=state,
            flag=payment_flags.DISPUTED,
            disputes=[*order.disputes, dispute],
            changed_at=self.releases.clock(),
        )
        return OrderChange(before=order, after=after, claims=self.releases.claims_of(order, valid), voids=valid)


def find_dispute(order: Order, dispute_id: str) -> Dispute | None:
    """Return a dispute of an order by its id at the provider, or None."""
    return next((dispute for dispute in order.disputes if dispute.id == dispute_id), None)


def _won(won: DisputeWon, order: Order) -> OrderChange | None:
    """Return the change that flags an order whose own payment is back; a flag for another reason stays."""
    known = find_dispute(order, won.dispute_id)
    if known and known.is_won:
        return None
    others = [dispute for dispute in order.disputes if dispute.id != won.dispute_id]
    dispute = Dispute(id=won.dispute_id, payment_id=won.payment_id, is_won=True)
    flag = order.flag
    if order.payment_id == won.payment_id and flag in ("", payment_flags.DISPUTED):
        flag = payment_flags.DISPUTE_WON
    return OrderChange(before=order, after=changed(order, flag=flag, disputes=[*others, dispute]))
