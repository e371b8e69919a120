"""Refusals that show when a ticket was used."""

from __future__ import annotations

from core.clock import iso
from orders.tickets.errors import AlreadyCheckedIn
from orders.tickets.model import Ticket


def already_checked_in(ticket: Ticket) -> AlreadyCheckedIn:
    """Return the refusal with the time of the check-in."""
    return AlreadyCheckedIn(extra={"checkedInAt": iso(ticket.checked_in_at) if ticket.checked_in_at else None})
