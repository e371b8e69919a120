"""Schemas of tickets."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from core.clock import iso
from core.schema_fields import Email
from events.model import Event
from orders.tickets.model import Ticket


class TicketEventSchema(ma.Schema):
    """The event of a ticket."""

    id = ma.fields.String()
    title = ma.fields.String()
    date = ma.fields.String(metadata={"format": "date-time"})
    venue = ma.fields.String()


class TicketSchema(ma.Schema):
    """A ticket as its holder sees it."""

    code = ma.fields.String(metadata={"example": "3PFQ47-KXW9CD-7MN4TR"})
    event = ma.fields.Nested(TicketEventSchema)
    tier = ma.fields.String()
    seat = ma.fields.String(allow_none=True)
    status = ma.fields.String(metadata={"example": "valid"})


class TicketsSchema(ma.Schema):
    """The tickets of an account."""

    data = ma.fields.List(ma.fields.Nested(TicketSchema))


class TransferSchema(ma.Schema):
    """The e-mail address of the recipient."""

    class Meta:
        unknown = ma.RAISE

    email = Email(required=True, metadata={"format": "email", "example": "bob@example.org"})


class TransferredSchema(ma.Schema):
    """The new code of a transferred ticket."""

    code = ma.fields.String()


def event_members(event: Event) -> dict[str, Any]:
    """Return the members of `TicketEventSchema`."""
    return {"id": event.id, "title": event.title, "date": iso(event.date), "venue": event.venue}


def ticket_members(ticket: Ticket, event: Event) -> dict[str, Any]:
    """Return the members of `TicketSchema`."""
    return {
        "code": ticket.code,
        "event": event_members(event),
        "tier": ticket.tier,
        "seat": ticket.seat or None,
        "status": ticket.state.value,
    }
