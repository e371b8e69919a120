"""Documents of orders for download: tickets as PDF, the same as in their e-mails, and events as a calendar file."""

from __future__ import annotations

from dataclasses import dataclass, replace

from accounts.model import Account
from events.model import EventStatus
from orders.event_cache import EventCache
from orders.listing import ListOrders
from orders.model import Order
from orders.purchase_emails import OrderEmails
from orders.tickets.attachments import tickets_pdf
from orders.tickets.calendar_file import calendar_of, entry_of
from orders.tickets.codes import normalize_code
from orders.tickets.errors import TicketNotFound
from orders.tickets.model import Ticket, TicketState
from orders.tickets.store import TicketStore


@dataclass(frozen=True)
class OrderDocuments:
    """Renders the documents; the times of events are in `timezone`."""

    listing: ListOrders
    tickets: TicketStore
    emails: OrderEmails
    events: EventCache
    timezone: str

    def tickets_of_order(self, account_id: str, order_id: str, language: str) -> bytes:
        """Return the PDF of the valid tickets that the buyer holds; raises OrderNotFound or TicketNotFound."""
        order, tickets = self.listing.get(account_id, order_id)
        valid = [ticket for ticket in tickets if _is_valid_of(order, ticket)]
        if not valid:
            raise TicketNotFound
        return tickets_pdf(self.emails.paid(replace(order, language=language), valid), self.timezone)

    def ticket_of(self, holder: Account, code: str, language: str) -> bytes:
        """Return the PDF of a valid ticket that an account holds; raises TicketNotFound."""
        ticket = self.tickets.by_code(normalize_code(code))
        if ticket.state is not TicketState.VALID or not ticket.belongs_to(holder):
            raise TicketNotFound
        return tickets_pdf(self.emails.transferred(ticket, language, holder.name), self.timezone)

    def calendar_of_order(self, account_id: str, order_id: str) -> bytes:
        """Return the published events of an order as a calendar file; raises OrderNotFound."""
        order, _ = self.listing.get(account_id, order_id)
        event_ids = dict.fromkeys(item.event_id for item in order.items)
        found = self.events.events.get_many(event_ids)
        published = [event for event in found.values() if event.status is EventStatus.PUBLISHED]
        return calendar_of([entry_of(event) for event in published])


def _is_valid_of(order: Order, ticket: Ticket) -> bool:
    """Return whether the buyer holds a ticket that admits a person."""
    return ticket.holder_id == order.account_id and ticket.state is TicketState.VALID
