"""Schemas of the back office's outbox; the API calls e-mails letters."""

from __future__ import annotations

from datetime import datetime

import marshmallow as ma

from admin.schemas import ID_PATTERN, MAX_PAGE_SIZE, CursorField
from core.clock import iso
from core.pagination import Cursor
from core.schema_fields import ClampedInteger, VisibleString
from core.web.request_parser import QuerySchema
from notifications.outbox.model import CREATED_ORDER, PENDING, EmailStatus, OutboxEmail

CURSOR_EXAMPLE = Cursor("019cb1d2e3f4000000000000000000a1-guest", "1772701200000", CREATED_ORDER)


def _due_at(email: OutboxEmail) -> str | None:
    if email.state in PENDING:
        return iso(email.due_at)
    return None


def _iso_or_null(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    return iso(moment)


class LettersQuery(QuerySchema):
    """Subject, state and page of the outbox."""

    about = VisibleString(load_default="", validate=ma.validate.Length(max=100))
    state = ma.fields.String(load_default="", validate=ma.validate.OneOf(["", *EmailStatus]))
    limit = ClampedInteger(MAX_PAGE_SIZE, load_default=MAX_PAGE_SIZE, metadata={"minimum": 1})
    after = CursorField(
        rf"{ID_PATTERN}-[0-9a-z-]{{1,60}}", "0|[1-9][0-9]{0,13}", orders=[CREATED_ORDER], example=CURSOR_EXAMPLE
    )


class LetterSchema(ma.Schema):
    """An e-mail of the outbox; of its content only the slot is shown."""

    _id = ma.fields.String(attribute="id")
    bookingId = ma.fields.String(attribute="subject")
    date = ma.fields.String(attribute="context.date")
    slotLabel = ma.fields.String(attribute="context.slot")
    template = ma.fields.String()
    to = ma.fields.String()
    state = ma.fields.String()
    attempts = ma.fields.Integer()
    lastError = ma.fields.String(attribute="last_error")
    createdAt = ma.fields.Function(lambda email: iso(email.created_at), metadata={"type": "string"})
    dueAt = ma.fields.Function(_due_at, metadata={"type": ["string", "null"]})
    sentAt = ma.fields.Function(lambda email: _iso_or_null(email.sent_at), metadata={"type": ["string", "null"]})
    providerId = ma.fields.String(attribute="provider_id")
    delivery = ma.fields.String(allow_none=True)
    deliveryAt = ma.fields.Function(
        lambda email: _iso_or_null(email.delivery_at), metadata={"type": ["string", "null"]}
    )


class LettersSchema(ma.Schema):
    """A page of e-mails; `next` is null on the last page."""

    items = ma.fields.List(ma.fields.Nested(LetterSchema))
    next = ma.fields.String(allow_none=True)
