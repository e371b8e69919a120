"""Schemas of the back office's booking list."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from admin.schemas import ID_PATTERN, INVALID_CURSOR, MAX_PAGE_SIZE, CursorField
from booking.model import BookingFilter, PageRequest, SortField, Status
from core.clock import iso
from core.ids import normalize_reference
from core.schema_fields import (
    MAX_EMAIL_LENGTH,
    ClampedInteger,
    NormalizedString,
    Text,
    VisiblePatternString,
    VisibleString,
    normalize_email,
)
from core.web.request_parser import QuerySchema

LARGEST_SKIP = 1_000_000_000
# Cursors in the order of creation are ids, so they name no order.
CURSOR_ORDERS = ("", *(by for by in SortField if by is not SortField.CREATED))
FILTER_TEXTS = ("q", "name", "phone", "date", "slot_id", "country", "reference")
DEFAULT_ORDERS = {SortField.CREATED: "desc"}


class FilterSchema(QuerySchema):
    """Filters and order of the booking list; an empty value matches every booking."""

    q = Text(0, 200, load_default="", metadata={"example": "muller 0151"})
    name = Text(0, 80, load_default="")
    phone = VisibleString(load_default="", validate=ma.validate.Length(max=40))
    date = VisiblePatternString(r"(\d{4}-\d{2}-\d{2})?", "2026-03-05", error="Must be YYYY-MM-DD.", load_default="")
    slotId = VisiblePatternString(
        r"([!-~]{10,100})?", "0a1b2c3d4e5f0a1b2c3d4e5f", error="Not a slot id.", load_default="", attribute="slot_id"
    )
    country = VisiblePatternString(r"([A-Za-z]{2})?", "US", error="Must be an ISO 3166 code.", load_default="")
    status = VisibleString(load_default="", validate=ma.validate.OneOf(["", *Status]))
    reference = NormalizedString(normalize_reference, 40, metadata={"example": "K7MP-4QXD"})
    email = Text(0, MAX_EMAIL_LENGTH, load_default="", metadata={"example": "ada@example.org"})
    sort = ma.fields.Enum(SortField, by_value=True, load_default=SortField.CREATED)
    order = ma.fields.String(load_default="", validate=ma.validate.OneOf(["", "asc", "desc"]))

    @ma.post_load
    def to_filter(self, values: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Return the typed filter and page request; the default order is descending for `created` only."""
        texts: dict[str, Any] = {name: values[name].strip() for name in FILTER_TEXTS}
        status = Status(values["status"]) if values["status"] else None
        sort = values["sort"]
        order = values["order"] or DEFAULT_ORDERS.get(sort, "asc")
        page_request = PageRequest(
            limit=values.get("limit", MAX_PAGE_SIZE),
            page=values.get("page", 1),
            after=values.get("after"),
            by=sort,
            descending=order == "desc",
        )
        booking_filter = BookingFilter(**texts | _email_filter(values["email"]), status=status)
        return {"booking_filter": booking_filter, "page_request": page_request}


class ListingQuery(FilterSchema):
    """Filters, order and page of the booking list."""

    page = ClampedInteger(LARGEST_SKIP, load_default=1, metadata={"minimum": 1})
    limit = ClampedInteger(MAX_PAGE_SIZE, load_default=15, metadata={"minimum": 1})
    after = CursorField(ID_PATTERN, ".*", orders=CURSOR_ORDERS)

    @ma.validates_schema
    def cursor_matches_sort(self, values: dict[str, Any], **_: Any) -> None:
        """Refuse a cursor that belongs to another order."""
        after = values.get("after")
        if after and (after.order or SortField.CREATED) != values.get("sort"):
            raise ma.ValidationError({"after": [INVALID_CURSOR]})


class AdminBookingSchema(ma.Schema):
    """A booking in the back office."""

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
    seats = ma.fields.Integer()
    createdAt = ma.fields.Function(lambda booking: iso(booking.created_at), metadata={"type": "string"})


class ListingSchema(ma.Schema):
    """A page of bookings."""

    items = ma.fields.List(ma.fields.Nested(AdminBookingSchema))
    total = ma.fields.Integer(metadata={"description": "An estimate if totalIsExact is false."})
    totalIsExact = ma.fields.Boolean()
    page = ma.fields.Integer()
    limit = ma.fields.Integer()
    totalPages = ma.fields.Integer()
    next = ma.fields.String(allow_none=True)
    sorts = ma.fields.List(ma.fields.String())


def _email_filter(given: str) -> dict[str, Any]:
    """Return the filter of a whole address, which an index finds, or of a part of one."""
    try:
        return {"email": normalize_email(given)} if given else {}
    except ValueError:
        return {"email_part": given}
