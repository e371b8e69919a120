"""Schemas of the audit log."""

from __future__ import annotations

import marshmallow as ma

from admin.schemas import ID_PATTERN, MAX_PAGE_SIZE, CursorField
from core.clock import iso
from core.schema_fields import ClampedInteger, VisibleString
from core.web.request_parser import QuerySchema


class AuditQuery(QuerySchema):
    """Subject and page of the audit log."""

    about = VisibleString(load_default="", validate=ma.validate.Length(max=100))
    limit = ClampedInteger(MAX_PAGE_SIZE, load_default=MAX_PAGE_SIZE, metadata={"minimum": 1})
    after = CursorField(ID_PATTERN)


class AuditedSlotSchema(ma.Schema):
    """Date and hours of a slot."""

    date = ma.fields.String()
    label = ma.fields.String()


class AuditedBookingSchema(ma.Schema):
    """Id and reference of a booking."""

    _id = ma.fields.String(attribute="id")
    reference = ma.fields.String()


class AuditEntrySchema(ma.Schema):
    """An audit record: actor (a key's label), action, subject and changed values."""

    _id = ma.fields.String(attribute="entry.id")
    at = ma.fields.Function(lambda view: iso(view.entry.at), metadata={"type": "string"})
    who = ma.fields.String(attribute="entry.actor")
    what = ma.fields.String(attribute="entry.action")
    about = ma.fields.String(attribute="entry.subject")
    slot = ma.fields.Nested(AuditedSlotSchema, allow_none=True)
    booking = ma.fields.Nested(AuditedBookingSchema, allow_none=True)
    before = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Raw(), attribute="entry.before")
    after = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Raw(), attribute="entry.after")


class AuditSchema(ma.Schema):
    """A page of the audit log; `next` is null on the last page."""

    items = ma.fields.List(ma.fields.Nested(AuditEntrySchema))
    next = ma.fields.String(allow_none=True)
