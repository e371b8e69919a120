"""Erasure of the e-mails that a deleted account got about what others gave it: offers, and transferred tickets.

The e-mails of its own orders and reservations are erased with these.
"""

from __future__ import annotations

from dataclasses import dataclass

from notifications.outbox.service import Outbox
from orders.holds.store import HoldStore
from orders.purchase_emails import transfer_subject
from orders.tickets.store import TicketStore


@dataclass(frozen=True)
class EraseReceivedEmails:
    """Erases e-mails."""

    holds: HoldStore
    tickets: TicketStore
    outbox: Outbox

    def execute(self, account_id: str) -> None:
        """Erase the e-mails of the account's offers and of the tickets that it holds. Idempotent."""
        tickets = self.tickets.ids_held_by(account_id)
        subjects = [transfer_subject(order_id, ticket_id) for ticket_id, order_id in tickets.items()]
        self.outbox.erase([*self.holds.offer_ids_of(account_id), *subjects])
