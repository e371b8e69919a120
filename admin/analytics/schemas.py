"""Schemas of the figures of sales."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import marshmallow as ma

from core.schema_fields import NormalizedString, ParsedString
from core.web.request_parser import QuerySchema

FIRST_DAY = date(1971, 1, 1)
LAST_DAY = date(2999, 12, 31)
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


class Day(ParsedString):
    """A date, YYYY-MM-DD."""

    def parse(self, value: str) -> str:
        if not DATE.fullmatch(value):
            raise ValueError("Must be YYYY-MM-DD.")
        try:
            day = date.fromisoformat(value)
        except ValueError:
            raise ValueError("Must be YYYY-MM-DD.") from None
        if not FIRST_DAY <= day <= LAST_DAY:
            raise ValueError(f"Must be from {FIRST_DAY} to {LAST_DAY}.")
        return day.isoformat()


class AnalyticsQuery(QuerySchema):
    """The first and the last day of the sales in UTC, all without them; one event, or all."""

    first = Day(data_key="from", load_default=FIRST_DAY.isoformat(), metadata={"example": "2026-03-01"})
    last = Day(data_key="to", load_default=LAST_DAY.isoformat(), metadata={"example": "2026-03-31"})
    eventId = NormalizedString(str, 100, attribute="event_id")

    @ma.validates_schema(skip_on_field_errors=True)
    def in_order(self, values: dict[str, Any], **_: Any) -> None:
        """Refuse a period that ends before it begins."""
        if values["first"] > values["last"]:
            raise ma.ValidationError({"to": ["Must not be before from."]})


def _money(**metadata: Any) -> ma.fields.Dict:
    return ma.fields.Dict(
        keys=ma.fields.String(), values=ma.fields.String(), metadata={"example": {"USD": "250.00"}, **metadata}
    )


class FiguresSchema(ma.Schema):
    """Sums of tickets; money by currency, and revenue without what was refunded."""

    revenue = _money()
    refundedAmount = _money()
    tickets = ma.fields.Integer()
    refunded = ma.fields.Integer(metadata={"description": "Number of refunded tickets."})
    checkedIn = ma.fields.Integer()


class DayFiguresSchema(FiguresSchema):
    """The sales of one day in UTC."""

    date = ma.fields.String(metadata={"format": "date"})


class TierFiguresSchema(FiguresSchema):
    """The sales of one tier."""

    eventId = ma.fields.String()
    tierId = ma.fields.String()
    tier = ma.fields.String()


class AnalyticsSchema(FiguresSchema):
    """The figures of the orders that were paid in a period."""

    orders = ma.fields.Integer(metadata={"description": "Number of paid orders that are not cancelled."})
    declined = ma.fields.Integer(metadata={"description": "Orders placed in the period whose payment was declined."})
    expired = ma.fields.Integer(metadata={"description": "Orders placed in the period that were not paid in time."})
    waiting = ma.fields.Integer(metadata={"description": "Number of people who wait for tickets now."})
    byDay = ma.fields.List(ma.fields.Nested(DayFiguresSchema))
    byTier = ma.fields.List(ma.fields.Nested(TierFiguresSchema))


def start_of(day: str) -> datetime:
    """Return the beginning of a day in UTC."""
    return datetime.combine(date.fromisoformat(day), time(), UTC)


def end_of(day: str) -> datetime:
    """Return the beginning of the next day in UTC."""
    return start_of(day) + timedelta(days=1)
