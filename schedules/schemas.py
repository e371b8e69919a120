"""Dates and slots on the wire."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from core.schema_fields import WholeNumber
from core.web.request_parser import QuerySchema
from schedules.model import MAX_SEATS_PER_BOOKING


class SlotQuery(QuerySchema):
    """The query of slots: a date, which the service checks against the schedule."""

    date = ma.fields.String(load_default="", metadata={"example": "2026-03-05"})

    @ma.pre_load
    def refuse_repeats(self, values: Any, **kwargs: Any) -> Any:
        """Treat a repeated date as missing; refuse other repeated parameters."""
        if hasattr(values, "getlist") and len(values.getlist("date")) > 1:
            return {**values, "date": ""}
        return super().refuse_repeats(values, **kwargs)


class SeatsField(WholeNumber):
    """How many places are wanted together; one by default."""

    def __init__(self) -> None:
        description = "How many places together, all or none; the schedule file says how many are allowed."
        super().__init__(1, MAX_SEATS_PER_BOOKING, load_default=1, metadata={"description": description})


class SlotSchema(ma.Schema):
    """A slot."""

    _id = ma.fields.String(attribute="id")
    date = ma.fields.String()
    start = ma.fields.String()
    end = ma.fields.String()
    label = ma.fields.String()
    capacity = ma.fields.Integer()
    bookedCount = ma.fields.Integer(attribute="booked_count")
    remaining = ma.fields.Integer()
    isFull = ma.fields.Boolean(attribute="is_full")
    closed = ma.fields.Boolean()


class DateSchema(ma.Schema):
    """A bookable date."""

    date = ma.fields.String()
    day = ma.fields.String()
    seats = ma.fields.Integer()
    remaining = ma.fields.Integer()


class DatesSchema(ma.Schema):
    """All bookable dates."""

    schedule = ma.fields.String()
    timezone = ma.fields.String()
    dates = ma.fields.List(ma.fields.Nested(DateSchema))
