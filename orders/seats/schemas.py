"""Schemas of seats."""

from __future__ import annotations

import marshmallow as ma

from core.schema_fields import PatternString
from core.web.request_parser import QuerySchema


class SeatsQuery(QuerySchema):
    """The numbered tier whose seats are shown."""

    tierId = PatternString(
        "[!-~]{1,100}",
        "019a3c5e7d1f4b2a9c8e6d5f4a3b2c1d",
        error="Must be the id of a tier.",
        required=True,
        attribute="tier_id",
    )


class SeatSchema(ma.Schema):
    """A seat and whether it can be chosen."""

    seat = ma.fields.String(attribute="label")
    status = ma.fields.String(metadata={"enum": ["free", "held", "sold"]})


class SeatsSchema(ma.Schema):
    """The seats of a tier in the organiser's order."""

    data = ma.fields.List(ma.fields.Nested(SeatSchema))
