"""The back office on the wire."""

from __future__ import annotations

import re
from typing import Any

import marshmallow as ma

from booking.model import BookingFilter, Cursor, PageRequest, SortField, Status
from core.clock import iso
from core.ids import normalize_reference
from core.schema_fields import (
    MAX_EMAIL_LENGTH,
    ClampedInteger,
    NormalizedString,
    PatternString,
    StrictBoolean,
    Text,
    normalize_email,
)
from core.web.request_parser import QuerySchema
from schedules.model import SlotChange
from schedules.schemas import SlotSchema

MAX_PAGE_SIZE = 100
LARGEST_SKIP = 1_000_000_000
NO_CURSOR = "Not a cursor of this listing in this order."


class FilterSchema(QuerySchema):
    """What to look for; an empty value looks for everything."""

    name = Text(0, 80, load_default="")
    phone = ma.fields.String(load_default="", validate=ma.validate.Length(max=40))
    date = PatternString(r"(\d{4}-\d{2}-\d{2})?", "2026-03-05", error="Must be YYYY-MM-DD.", load_default="")
    country = PatternString(r"([A-Za-z]{2})?", "US", error="Must be an ISO 3166 code.", load_default="")
    status = ma.fields.String(load_default="", validate=ma.validate.OneOf(["", *Status]))
    reference = NormalizedString(normalize_reference, 40, metadata={"example": "K7MP-4QXD"})
    email = NormalizedString(
        normalize_email, MAX_EMAIL_LENGTH, metadata={"format": "email", "example": "ada@example.org"}
    )

    @ma.validates("phone")
    def has_digits(self, value: str, **_: Any) -> None:
        """Refuse a phone number without any digit: it would look for everything."""
        if value.strip() and not any(c in "0123456789" for c in value):
            raise ma.ValidationError("Must have digits.")

    @ma.post_load
    def to_filter(self, values: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Return the filter, and beside it whatever else was asked."""
        names = ("name", "phone", "date", "country", "status", "reference", "email")
        texts = {name: values.pop(name).strip() for name in names}
        status = texts.pop("status")
        return {"wanted": BookingFilter(**texts, status=Status(status) if status else None), **values}


class CursorField(ma.fields.Field[Cursor]):
    """The `next` of an answer of the listing: where a walk goes on."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Cursor:
        try:
            cursor = Cursor.of(str(value))
        except ValueError as error:
            raise ma.ValidationError(NO_CURSOR) from error
        if not re.fullmatch("[0-9a-f]{32}", cursor.id):
            raise ma.ValidationError(NO_CURSOR)
        return cursor


class ListingQuery(FilterSchema):
    """A filter and which part of what it finds, in which order."""

    page = ClampedInteger(LARGEST_SKIP, load_default=1, metadata={"minimum": 1})
    limit = ClampedInteger(MAX_PAGE_SIZE, load_default=15, metadata={"minimum": 1})
    sort = ma.fields.Enum(SortField, by_value=True, load_default=SortField.CREATED)
    order = ma.fields.String(load_default="", validate=ma.validate.OneOf(["", "asc", "desc"]))
    after = CursorField(load_default=None, metadata={"type": "string"})

    @ma.validates_schema
    def goes_on(self, values: dict[str, Any], **_: Any) -> None:
        """Refuse a cursor of another order."""
        after = values.get("after")
        if after and after.by is not values.get("sort"):
            raise ma.ValidationError({"after": [NO_CURSOR]})

    @ma.post_load
    def to_filter(self, values: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Return the filter and the part; what was made last comes first, everything else from its beginning."""
        by, order = values.pop("sort"), values.pop("order")
        descending = order == "desc" if order else by is SortField.CREATED
        names = ("limit", "page", "after")
        part = PageRequest(**{name: values.pop(name) for name in names}, by=by, descending=descending)
        return {**super().to_filter(values), "part": part}


class AdminBookingSchema(ma.Schema):
    """A booking as the back office sees it."""

    _id = ma.fields.String(attribute="id")
    reference = ma.fields.String()
    fullName = ma.fields.String(attribute="full_name")
    email = ma.fields.String()
    phone = ma.fields.String()
    country = ma.fields.String()
    city = ma.fields.String()
    date = ma.fields.String()
    slotId = ma.fields.String(attribute="slot_id")
    slotLabel = ma.fields.String(attribute="slot_label")
    message = ma.fields.String()
    status = ma.fields.String()
    createdAt = ma.fields.Function(lambda booking: iso(booking.created_at), metadata={"type": "string"})


class ListingSchema(ma.Schema):
    """A part of the bookings found."""

    items = ma.fields.List(ma.fields.Nested(AdminBookingSchema))
    total = ma.fields.Integer()
    page = ma.fields.Integer()
    limit = ma.fields.Integer()
    totalPages = ma.fields.Integer()
    next = ma.fields.String(allow_none=True)
    sorts = ma.fields.List(ma.fields.String())


class SlotsQuery(QuerySchema):
    """Which date's slots; none for all."""

    date = ma.fields.String(load_default=None)


class SlotChangeSchema(ma.Schema):
    """What to change of a slot: at least one of its members."""

    class Meta:
        """Unknown members are typing errors."""

        unknown = ma.RAISE

    capacity = ma.fields.Integer(strict=True, validate=ma.validate.Range(0, 1_000_000_000))
    closed = StrictBoolean()

    @ma.validates_schema
    def something(self, values: dict[str, Any], **_: Any) -> None:
        """Refuse a change that changes nothing."""
        if not values:
            raise ma.ValidationError({"capacity": ["Give capacity, closed, or both."]})

    @ma.post_load
    def to_change(self, values: dict[str, Any], **_: Any) -> SlotChange:
        """Return the typed change."""
        return SlotChange(**values)


class DayTotals(ma.Schema):
    """The places of a day in sum."""

    date = ma.fields.String()
    day = ma.fields.String()
    seats = ma.fields.Integer()
    booked = ma.fields.Integer()


class HourTotals(ma.Schema):
    """The places of all slots that start at one hour."""

    hour = ma.fields.String()
    seats = ma.fields.Integer()
    booked = ma.fields.Integer()


class StatsSchema(ma.Schema):
    """How full the event is, and how the letters fare."""

    seats = ma.fields.Integer()
    booked = ma.fields.Integer()
    remaining = ma.fields.Integer(
        metadata={"description": "How many places can still be booked; a closed slot has none."}
    )
    byDay = ma.fields.List(ma.fields.Nested(DayTotals))
    byHour = ma.fields.List(ma.fields.Nested(HourTotals))
    letters = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Integer())


class PlotsQuery(QuerySchema):
    """How many pixels wide the plots shall be."""

    width = ClampedInteger(4096, load_default=640, metadata={"minimum": 1})


class PlotSchema(ma.Schema):
    """A plot as SVG, and the table that it is drawn from."""

    name = ma.fields.String()
    title = ma.fields.String()
    summary = ma.fields.String()
    columns = ma.fields.List(ma.fields.String())
    rows = ma.fields.List(ma.fields.List(ma.fields.String()), attribute="formatted_rows")
    svg = ma.fields.String()


class PlotsSchema(ma.Schema):
    """The plots of the overview."""

    items = ma.fields.List(ma.fields.Nested(PlotSchema))


class AuditQuery(QuerySchema):
    """Which entries of the audit, newest first."""

    about = ma.fields.String(load_default="", validate=ma.validate.Length(max=100))
    limit = ClampedInteger(MAX_PAGE_SIZE, load_default=MAX_PAGE_SIZE, metadata={"minimum": 1})
    after = PatternString(
        r"[0-9a-f]{32}", "019cb1d2e3f4000000000000000000a1", error="Not a cursor of the audit.", load_default=None
    )


class AuditedSlotSchema(ma.Schema):
    """When a slot is."""

    date = ma.fields.String()
    label = ma.fields.String()


class AuditedBookingSchema(ma.Schema):
    """What a booking is known by."""

    _id = ma.fields.String(attribute="id")
    reference = ma.fields.String()


class AuditEntrySchema(ma.Schema):
    """Something the back office did: who (the label of a key), what, to what, and what that changed."""

    _id = ma.fields.String(attribute="entry.id")
    at = ma.fields.Function(lambda told: iso(told.entry.at), metadata={"type": "string"})
    who = ma.fields.String(attribute="entry.actor")
    what = ma.fields.String(attribute="entry.action")
    about = ma.fields.String(attribute="entry.subject")
    slot = ma.fields.Nested(AuditedSlotSchema, allow_none=True)
    booking = ma.fields.Nested(AuditedBookingSchema, allow_none=True)
    before = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Raw(), attribute="entry.before")
    after = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Raw(), attribute="entry.after")


class AuditSchema(ma.Schema):
    """A part of the audit; `next` walks on, or is null at its end."""

    items = ma.fields.List(ma.fields.Nested(AuditEntrySchema))
    next = ma.fields.String(allow_none=True)


class AdminSlotSchema(SlotSchema):
    """A slot as the back office sees it."""

    closed = ma.fields.Boolean()
    waiting = ma.fields.Integer()


class ValidSchema(ma.Schema):
    """The key is right."""

    success = ma.fields.Boolean()
