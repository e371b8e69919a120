"""Schemas of the dashboard's statistics and charts."""

from __future__ import annotations

import marshmallow as ma

from core.schema_fields import ClampedInteger, VisiblePatternString
from core.web.request_parser import QuerySchema


class DayTotals(ma.Schema):
    """Places of a day."""

    date = ma.fields.String()
    day = ma.fields.String()
    seats = ma.fields.Integer()
    booked = ma.fields.Integer()


class HourTotals(ma.Schema):
    """Places of all slots that start at one hour."""

    hour = ma.fields.String()
    seats = ma.fields.Integer()
    booked = ma.fields.Integer()


class StatsSchema(ma.Schema):
    """Occupancy of the event and e-mails by state."""

    seats = ma.fields.Integer()
    booked = ma.fields.Integer()
    remaining = ma.fields.Integer(
        metadata={"description": "How many places can still be booked; a closed slot has none."}
    )
    byDay = ma.fields.List(ma.fields.Nested(DayTotals))
    byHour = ma.fields.List(ma.fields.Nested(HourTotals))
    letters = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Integer())


class PlotsQuery(QuerySchema):
    """Width of the charts in pixels, and the month whose occupancy is drawn."""

    width = ClampedInteger(4096, load_default=640, metadata={"minimum": 1})
    month = VisiblePatternString(
        "([0-9]{4}-[0-9]{2})?", "2026-03", error="Must be a month of the schedule, such as 2026-03.", load_default=""
    )


class PlotSchema(ma.Schema):
    """A chart as SVG with its table."""

    name = ma.fields.String()
    title = ma.fields.String()
    summary = ma.fields.String()
    columns = ma.fields.List(ma.fields.String())
    rows = ma.fields.List(ma.fields.List(ma.fields.String()), attribute="formatted_rows")
    svg = ma.fields.String()


class PlotsSchema(ma.Schema):
    """Charts of the dashboard."""

    items = ma.fields.List(ma.fields.Nested(PlotSchema))
    month = ma.fields.String(metadata={"description": "The month of the occupancy.", "example": "2026-03"})
