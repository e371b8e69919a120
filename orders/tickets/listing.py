"""Reads of tickets with their events."""

from __future__ import annotations

from dataclasses import dataclass, replace

from accounts.model import Account
from events.model import Event
from orders.event_cache import EventCache
from orders.tickets.codes import normalize_code
from orders.tickets.model import Ticket, TicketQuery
from orders.tickets.store import TicketStore


@dataclass(frozen=True)
class ListTickets:
    """Reads tickets."""

    tickets: TicketStore
    events: EventCache

    def held_by(self, holder: Account) -> list[tuple[Ticket, Event]]:
        """Return the tickets that an account holds, oldest first; a transferred one belongs to its recipient."""
        email = holder.email if holder.email_verified else ""
        found = self.tickets.held_by(holder.id, email)
        return [(ticket, self.events.get(ticket.event_id)) for ticket in found]

    def by_code(self, code: str) -> Ticket:
        """Return a ticket by its code, typed in any way; raises TicketNotFound."""
        return self.tickets.by_code(normalize_code(code))

    def search(self, query: TicketQuery) -> tuple[list[Ticket], int]:
        """Return a page of the tickets that match a name or a code, typed in any way, and the number of all."""
        return self.tickets.search(replace(query, code=normalize_code(query.code)))

    def event_of(self, ticket: Ticket) -> Event:
        """Return the event of a ticket."""
        return self.events.get(ticket.event_id)
