"""Schemas of waiting-list requests and entries."""

from __future__ import annotations

import marshmallow as ma

from core.clock import iso
from core.schema_fields import ContactSchema
from schedules.schemas import SeatsField
from waitlist.model import NewEntry


class NewWaitingSchema(ContactSchema):
    """A request to join a waiting list."""

    result_type = NewEntry

    class Meta:
        unknown = ma.RAISE

    seats = SeatsField()


class WaitingSchema(ma.Schema):
    """An entry as its guest sees it; `position` counts from 1 and is 0 if the entry no longer waits."""

    id = ma.fields.String()
    slotId = ma.fields.String(attribute="slot_id")
    date = ma.fields.String()
    slot = ma.fields.String()
    fullName = ma.fields.String(attribute="full_name")
    email = ma.fields.String()
    phone = ma.fields.String()
    country = ma.fields.String()
    status = ma.fields.String(attribute="state")
    seats = ma.fields.Integer()
    position = ma.fields.Integer()
    createdAt = ma.fields.Function(
        lambda entry: iso(entry.created_at), metadata={"type": "string", "format": "date-time"}
    )
    bookingId = ma.fields.String(attribute="booking_id", allow_none=True)
    manageUrl = ma.fields.String(attribute="manage_url", metadata={"format": "uri"})


class JoinedWaitlistSchema(ma.Schema):
    """The response to a joined waiting list."""

    message = ma.fields.String()
    entry = ma.fields.Nested(WaitingSchema)
