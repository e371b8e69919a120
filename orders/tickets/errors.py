"""Errors of tickets."""

from __future__ import annotations

from core.errors import NotFound


class TicketNotFound(NotFound):
    """Ticket not found."""

    code = "ticket_not_found"
