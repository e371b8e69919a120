"""Schemas of check-in."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from admin.schemas import MAX_PAGE_SIZE
from core.schema_fields import ClampedInteger, NormalizedString, Text, VisibleString
from core.web.problem_schema import ProblemSchema
from core.web.request_parser import QuerySchema
from orders.tickets.schemas import TicketEventSchema

MAX_CODE = 100
MAX_PAGE = 1_000_000


def _text(**options: Any) -> VisibleString:
    return VisibleString(validate=ma.validate.Length(1, MAX_CODE), **options)


class UndoCheckInSchema(ma.Schema):
    """The code of a ticket."""

    class Meta:
        unknown = ma.RAISE

    code = _text(required=True, metadata={"example": "3PFQ47-KXW9CD-7MN4TR"})


class CheckInSchema(UndoCheckInSchema):
    """The code of a ticket, and the event of the entrance if it is known."""

    eventId = _text(attribute="event_id", load_default="")


class TicketSearch(QuerySchema):
    """Words of the holder's name in any order, or the whole code; an event; a page."""

    q = Text(0, 200, load_default="", metadata={"example": "lovelace"})
    eventId = NormalizedString(str, 100, attribute="event_id")
    page = ClampedInteger(MAX_PAGE, load_default=1, metadata={"minimum": 1})
    limit = ClampedInteger(MAX_PAGE_SIZE, load_default=15, metadata={"minimum": 1})


class CheckedInSchema(ma.Schema):
    """A ticket at the entrance."""

    code = ma.fields.String()
    event = ma.fields.Nested(TicketEventSchema)
    tier = ma.fields.String()
    seat = ma.fields.String(allow_none=True)
    name = ma.fields.String()
    checkedInAt = ma.fields.String(allow_none=True, metadata={"format": "date-time"})


class FoundTicketSchema(CheckedInSchema):
    """A ticket in the list of the entrance."""

    status = ma.fields.String(metadata={"example": "valid"})


class FoundTicketsSchema(ma.Schema):
    """A page of tickets by the name of their holders."""

    items = ma.fields.List(ma.fields.Nested(FoundTicketSchema))
    total = ma.fields.Integer()
    page = ma.fields.Integer()
    limit = ma.fields.Integer()
    totalPages = ma.fields.Integer()


class CheckInProblemSchema(ProblemSchema):
    """The reason why a ticket opens no entrance."""

    checkedInAt = ma.fields.String(
        allow_none=True,
        metadata={"format": "date-time", "description": "With `already_checked_in`: when it was used first."},
    )
