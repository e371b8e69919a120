"""Webhook of payment providers: a signed event is applied once, and answered after its commit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from core import log
from core.clock import Clock
from core.errors import Unavailable
from orders.errors import OrderNotFound
from orders.payments.event_store import PaymentEvents
from orders.payments.gateway import PaymentUnanswered
from orders.payments.reports import ProviderEvent, Report, ToMinor, read_event

LOG = log.get_logger("orders.payments")


class EventSource(Protocol):
    """Verifies the signatures of a provider's events."""

    def read(self, body: bytes, header: str) -> Mapping[str, Any] | None:
        """Return a signed event, or None for one that is to be ignored; raises BadSignature."""


@dataclass(frozen=True)
class PaymentWebhook:
    """Applies the events of the provider; `apply` is idempotent, so a doubled event changes nothing."""

    source: EventSource
    to_minor: ToMinor
    events: PaymentEvents
    apply: Callable[[Report], object]
    clock: Clock

    def execute(self, body: bytes, header: str) -> None:
        """Apply a signed event; other types and unknown orders are ignored.

        Raises BadSignature, and Unavailable if the provider had to be asked and did not answer: it delivers it again.
        """
        event = self._read(body, header)
        if event is None or self.events.is_applied(event.id):
            return
        try:
            with suppress(OrderNotFound):
                self.apply(event.report)
        except PaymentUnanswered:
            raise Unavailable from None
        self.events.note(event.id, self.clock())

    def _read(self, body: bytes, header: str) -> ProviderEvent | None:
        try:
            event = self.source.read(body, header)
            if event is None:
                return None
            return read_event(event, self.to_minor)
        except (ValueError, KeyError, TypeError, RecursionError):
            LOG.warning("payment_event_unreadable")
            return None
