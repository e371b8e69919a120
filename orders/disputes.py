"""Disputed payments: the unused tickets are void, as the buyer's bank has taken the money back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from orders import payment_flags
from orders.cancellation import Releases
from orders.errors import OrderNotFound
from orders.model import Order, OrderState
from orders.order_change import OrderChange, changed
from orders.payment_order_store import PaymentOrders
from orders.payment_settlement import SettlePayment
from orders.payments.gateway import Gateway
from orders.tickets.model import Ticket, TicketState


@dataclass(frozen=True)
class WithdrawDisputed:
    """Withdraws what a disputed payment has paid."""

    settle: SettlePayment
    orders: PaymentOrders
    releases: Releases
    gateway: Gateway

    def execute(self, payment_id: str) -> Order:
        """Return the order after the dispute of a payment; a second call changes nothing.

        Raises OrderNotFound, and PaymentUnanswered if the provider must be asked and does not answer.
        """
        order_id = self.orders.id_of_payment(payment_id)
        if order_id is None:
            order_id = self._settle_first(payment_id)
        before = self.settle.change.orders.get(order_id)
        order = self.settle.change.execute(order_id, partial(self._withdrawn, payment_id))
        if order.version != before.version:
            payment_flags.report(payment_flags.DISPUTED, order_id)
        return order

    def note_won(self, payment_id: str) -> Order:
        """Return the order, flagged for the operator: the money is back, the tickets are void. Raises OrderNotFound.

        The opening of the dispute may come later, and voids nothing then.
        """
        order_id = self.orders.id_of_payment(payment_id)
        if order_id is None:
            order_id = self._settle_first(payment_id)
        before = self.settle.change.orders.get(order_id)
        order = self.settle.change.execute(order_id, partial(_won, payment_id))
        if order.version != before.version:
            payment_flags.report(payment_flags.DISPUTE_WON, order_id)
        return order

    def _settle_first(self, payment_id: str) -> str:
        """Settle a payment whose own event has not come yet; return its order's id."""
        payment = self.gateway.get(payment_id)
        if payment is None:
            raise OrderNotFound
        return self.settle.execute(payment).id

    def _withdrawn(self, payment_id: str, order: Order) -> OrderChange | None:
        if order.flag == payment_flags.DISPUTE_WON:
            return None
        tickets: Sequence[Ticket] = ()
        if order.payment_id == payment_id:  # A second payment has paid no ticket.
            tickets = self.releases.tickets.of_orders([order.id])
        valid = [ticket for ticket in tickets if ticket.state is TicketState.VALID]
        if order.flag == payment_flags.DISPUTED and not valid:
            return None
        now = self.releases.clock()
        after = changed(order, flag=payment_flags.DISPUTED, changed_at=now)
        if valid and not any(ticket.state is TicketState.CHECKED_IN for ticket in tickets):
            after = changed(order, state=OrderState.CANCELLED, flag=payment_flags.DISPUTED, changed_at=now)
        return OrderChange(before=order, after=after, claims=self.releases.claims_of(order, valid), voids=valid)


def _won(payment_id: str, order: Order) -> OrderChange | None:
    """Return the change that flags an order whose own payment is back; a flag for another reason stays."""
    if order.payment_id != payment_id or order.flag not in ("", payment_flags.DISPUTED):
        return None
    return OrderChange(before=order, after=changed(order, flag=payment_flags.DISPUTE_WON))
