"""Confirmation of a payment at the buyer's bank, continued after an interruption: always the same payment."""

from __future__ import annotations

import math
from dataclasses import dataclass

from core.clock import Clock
from core.errors import Unavailable
from orders.listing import ListOrders
from orders.model import Order
from orders.order_change import OrderChange, changed
from orders.payment import Attempt
from orders.payment_queue import PaymentQueue
from orders.payment_settlement import SettlePayment
from orders.payments.gateway import Gateway, Payment, PaymentState, PaymentThrottled, PaymentUnanswered


@dataclass(frozen=True)
class ConfirmPayment:
    """Continues payments that await their buyer."""

    listing: ListOrders
    settle: SettlePayment
    gateway: Gateway
    queue: PaymentQueue
    clock: Clock

    def execute(self, account_id: str, order_id: str) -> Attempt:
        """Return the order; with `client_secret` the buyer confirms its payment in the browser.

        An order that ended meanwhile is returned as it is. Raises OrderNotFound, and Unavailable if the provider does
        not answer; a provider that takes no more requests is asked for no payment meanwhile.
        """
        order, _ = self.listing.get(account_id, order_id)
        if not order.awaits_confirmation or order.hold_until <= self.clock():
            return Attempt(order)
        payment = self._confirmed(order.unconfirmed_payment_id)
        if payment is None:
            return Attempt(order)
        if payment.state is PaymentState.ACTION_REQUIRED:
            return Attempt(order, client_secret=payment.client_secret)
        if payment.state is PaymentState.PROCESSING:
            return Attempt(self.settle.change.execute(order.id, _consented))
        return Attempt(self.settle.execute(payment))

    def _confirmed(self, payment_id: str) -> Payment | None:
        try:
            payment = self.gateway.get(payment_id)
            if payment and payment.state is PaymentState.ACTION_REQUIRED:
                return self.gateway.confirm(payment)
        except PaymentThrottled as error:
            self.queue.pause(error.retry_after)
            raise Unavailable(retry_after=math.ceil(error.retry_after)) from None
        except PaymentUnanswered:
            raise Unavailable from None
        return payment


def _consented(order: Order) -> OrderChange | None:
    """Return the change of an order whose buyer has confirmed, while the bank still works on the payment."""
    if not order.awaits_confirmation:
        return None
    return OrderChange(before=order, after=changed(order, consented_payment_id=order.unconfirmed_payment_id))
