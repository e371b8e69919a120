"""Schemas of check-in."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from core.schema_fields import VisibleString
from core.web.problem_schema import ProblemSchema
from orders.tickets.schemas import TicketEventSchema

MAX_CODE = 100


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


class CheckedInSchema(ma.Schema):
    """A ticket at the entrance."""

    code = ma.fields.String()
    event = ma.fields.Nested(TicketEventSchema)
    tier = ma.fields.String()
    seat = ma.fields.String(allow_none=True)
    name = ma.fields.String()
    checkedInAt = ma.fields.String(allow_none=True, metadata={"format": "date-time"})


class CheckInProblemSchema(ProblemSchema):
    """The reason why a ticket opens no entrance."""

    checkedInAt = ma.fields.String(
        allow_none=True,
        metadata={"format": "date-time", "description": "With `already_checked_in`: when it was used first."},
    )
