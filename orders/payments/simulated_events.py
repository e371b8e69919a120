"""Webhook events of the simulated provider, in Stripe's form, signed with a secret derived from SECRET_KEY."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.clock import Clock
from orders.payments import signature
from orders.payments.errors import BadSignature
from orders.payments.gateway import Payment


@dataclass(frozen=True)
class SimulatedEvents:
    """Implements `EventSource`; the first of `secrets` signs."""

    secrets: Sequence[str] = field(repr=False)
    clock: Clock

    def read(self, body: bytes, header: str) -> Mapping[str, Any]:
        """Return the signed event; raises BadSignature, or ValueError if it was signed and cannot be read."""
        if not signature.is_valid(self.secrets, header, body, self.clock()):
            raise BadSignature
        event = json.loads(body)
        if not isinstance(event, dict):
            raise TypeError("The event is no object.")
        return event

    def sign(self, body: bytes) -> str:
        """Return the signature header of `body`."""
        return signature.sign(self.secrets[0], body, self.clock())


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
