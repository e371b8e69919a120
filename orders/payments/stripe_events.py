"""Webhook events of Stripe, whose signature its SDK verifies; events of the other mode than the key's are ignored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import stripe

from core import log
from orders.payments.errors import BadSignature

LOG = log.get_logger("orders.payments")
TOLERANCE_SECONDS = 300


@dataclass(frozen=True)
class StripeEvents:
    """Implements `EventSource`; `secrets` are all valid at the time of their rotation."""

    client: stripe.StripeClient
    secrets: Sequence[str] = field(repr=False)
    live: bool

    def read(self, body: bytes, header: str) -> Mapping[str, Any] | None:
        """Return the signed event, or None for one that is to be ignored; raises BadSignature."""
        event = self._verified(body, header)
        if event.get("livemode") is not self.live:
            LOG.warning("payment_event_of_other_mode")
            return None
        return event

    def _verified(self, body: bytes, header: str) -> Mapping[str, Any]:
        """Return the event; raises BadSignature, or ValueError if it was signed and cannot be read."""
        text = _decoded(body, header)
        for secret in self.secrets:
            try:
                event = self.client.construct_event(text, header, secret, TOLERANCE_SECONDS)
            except stripe.SignatureVerificationError:
                continue
            except (AttributeError, TypeError, RecursionError):
                raise ValueError("The event is no object.") from None
            return event.to_dict()
        raise BadSignature


def _decoded(body: bytes, header: str) -> str:
    """Return the text of `body`: a signature is over UTF-8, and in ASCII."""
    try:
        header.encode("ascii")
        return body.decode()
    except UnicodeError:
        raise BadSignature from None
