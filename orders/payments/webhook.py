"""Webhook of payment providers: a signed event is applied once, and answered after its commit."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from core import log
from core.clock import Clock
from orders.errors import OrderNotFound
from orders.payments import signature
from orders.payments.errors import BadSignature
from orders.payments.event_store import PaymentEvents
from orders.payments.gateway import Payment, PaymentState

LOG = log.get_logger("orders.payments")
STATES = {
    "payment_intent.succeeded": PaymentState.SUCCEEDED,
    "payment_intent.payment_failed": PaymentState.DECLINED,
}
MAX_ID = 255
MAX_AMOUNT = 2**53


@dataclass(frozen=True)
class PaymentWebhook:
    """Applies the events of the provider; `settle` is idempotent, so a doubled event changes nothing."""

    secrets: Sequence[str]
    events: PaymentEvents
    settle: Callable[[Payment], object]
    clock: Clock

    def execute(self, body: bytes, header: str) -> None:
        """Apply a signed event; other types and unknown orders are ignored. Raises BadSignature."""
        if not signature.is_valid(self.secrets, header, body, self.clock()):
            raise BadSignature
        event = _parse(body)
        if event is None:
            return
        event_id, payment = event
        if self.events.is_applied(event_id):
            return
        with suppress(OrderNotFound):
            self.settle(payment)
        self.events.note(event_id, self.clock())


def event_of(event_id: str, payment: Payment) -> bytes:
    """Return the body of the event that `payment` succeeded."""
    fields = {
        "id": payment.id,
        "amount": payment.amount,
        "currency": payment.currency.lower(),
        "metadata": {"orderId": payment.order_id},
    }
    event = {"id": event_id, "type": "payment_intent.succeeded", "data": {"object": fields}}
    return json.dumps(event).encode()


def _parse(body: bytes) -> tuple[str, Payment] | None:
    """Return the id of an event with its payment, or None if it is of another type or form."""
    try:
        event = json.loads(body)
        state = STATES.get(event["type"])
        return (event["id"], _payment(event["data"]["object"], state)) if state and _is_id(event["id"]) else None
    except (ValueError, KeyError, TypeError, RecursionError):
        LOG.warning("payment_event_unreadable")
        return None


def _payment(fields: dict[str, Any], state: PaymentState) -> Payment:
    order_id = fields["metadata"]["orderId"]
    amount = fields["amount"]
    if not _is_id(order_id) or not _is_id(fields["id"]) or type(amount) is not int or not 0 <= amount <= MAX_AMOUNT:
        raise ValueError("The event has no payment of an order.")
    return Payment(
        id=fields["id"], order_id=order_id, amount=amount, currency=str(fields["currency"]).upper(), state=state
    )


def _is_id(value: object) -> bool:
    return isinstance(value, str) and value.isascii() and 0 < len(value) <= MAX_ID
