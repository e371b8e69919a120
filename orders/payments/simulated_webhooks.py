"""Webhooks of the simulated provider: signed events that are due are delivered by the scheduler."""

from __future__ import annotations

from dataclasses import dataclass

from core.clock import Clock
from core.ids import new_id
from orders.payments.simulated_events import SimulatedEvents, event_of
from orders.payments.simulated_store import SimulatedPayments
from orders.payments.webhook import PaymentWebhook


@dataclass(frozen=True)
class DeliverSimulatedWebhooks:
    """Delivers the due events through the webhook's own check of signatures."""

    payments: SimulatedPayments
    webhook: PaymentWebhook
    events: SimulatedEvents
    clock: Clock

    def execute(self) -> int:
        """Deliver all due events; return the number of payments."""
        count = 0
        while due := self.payments.take_due(self.clock()):
            payment, notifications = due
            body = event_of(f"evt_{new_id(self.clock())}", payment)
            for _ in range(notifications):
                self.webhook.execute(body, self.events.sign(body))
            count += 1
        return count
