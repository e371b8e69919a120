"""Schemas of the back office's events: what an editor sends, and an event with its counts."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import marshmallow as ma

from admin.schemas import MAX_PAGE_SIZE
from core import text
from core.own_paths import is_own_path
from core.schema_fields import (
    Choice,
    ClampedInteger,
    ParsedString,
    PatternString,
    StrictBoolean,
    Text,
    UtcDateTime,
    WholeNumber,
)
from core.web.request_parser import QuerySchema
from events.model import DEFAULT_MAX_PER_ORDER, Event, EventStatus, Tier
from events.money import exponent_of
from events.schemas import EventSchema, SeatLabel, TierSchema, event_members, require_distinct, tier_members

MAX_PAGE = 1_000_000
MAX_CAPACITY = 1_000_000
MAX_TIERS = 20
MAX_SEATS = 5000
# A date without a time has no zone; ISO 8601 writes offsets with or without a colon.
ZONE = re.compile(r"T.*([Zz]|[+-][0-9]{2}(:?[0-9]{2}(:?[0-9]{2})?)?)$")
# Printable ASCII without what ends an attribute or is no part of an address.
HTTPS_ADDRESS = re.compile(r"https://[!#-;=?-\[\]_a-z~]+", re.ASCII)
MAX_ADDRESS = 2_000
STATUSES = (EventStatus.PUBLISHED, EventStatus.DRAFT)


class ZonedDateTime(UtcDateTime):
    """A date and time in ISO 8601 with `Z` or an offset; the result is in UTC."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        moment = super()._deserialize(value, attr, data, **kwargs)
        if not ZONE.search(value):
            raise ma.ValidationError("Must have a time zone: Z for UTC, or an offset.")
        return moment


class CurrencyCode(ParsedString):
    """A currency of ISO 4217."""

    plain_pattern = "[A-Z]{3}"

    def parse(self, value: str) -> str:
        exponent_of(value)
        return value


class ImageAddress(ParsedString):
    """The address of an image: https, or a path of this site; empty for none."""

    def parse(self, value: str) -> str:
        address = text.strip_invisible(value).strip()
        if address and not is_own_path(address) and not _is_https_address(address):
            raise ValueError("Must be an https:// address, or a path of this site such as /images/a.jpg.")
        return address


def _is_https_address(address: str) -> bool:
    if len(address) > MAX_ADDRESS or not HTTPS_ADDRESS.fullmatch(address):
        return False
    try:
        parts = urlsplit(address)
        return bool(parts.hostname) and not parts.username and parts.port != 0
    except ValueError:
        return False


class Price(PatternString):
    """An amount from 0 to 999999.99; how many decimals it has depends on the currency."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            r"(0|[1-9][0-9]{0,5})(\.[0-9]{1,4})?", "25.00", error="Must be an amount such as 25.00, as text.", **kwargs
        )


def _seats(**kwargs: Any) -> ma.fields.List[Any]:
    return ma.fields.List(SeatLabel(), validate=[ma.validate.Length(1, MAX_SEATS), require_distinct], **kwargs)


class TierChangeSchema(ma.Schema):
    """A change of the tier `id`, or without an id a tier to add."""

    class Meta:
        unknown = ma.RAISE

    id = PatternString("[0-9a-f]{32}", "019cb1d2e3f4000000000000000000a1", error="Not a tier's id.", load_default="")
    code = Text(1, 40)
    name = Text(1, 200)
    price = Price()
    capacity = WholeNumber(0, MAX_CAPACITY)
    closed = StrictBoolean()
    seats = _seats()


class EventFields(ma.Schema):
    """The members of an event that an editor gives."""

    class Meta:
        unknown = ma.RAISE

    title = Text(1, 200)
    description = Text(0, 5000, multiline=True)
    image = ImageAddress(metadata={"example": "https://www.example.org/concert.jpg"})
    imageAlt = Text(0, 200, attribute="image_alt")
    date = ZonedDateTime()
    venue = Text(1, 200)
    currency = CurrencyCode(metadata={"example": "USD"})
    tiers = ma.fields.List(ma.fields.Nested(TierChangeSchema), validate=ma.validate.Length(1, MAX_TIERS))
    pool = WholeNumber(0, MAX_CAPACITY * MAX_TIERS, allow_none=True)
    maxPerOrder = WholeNumber(1, DEFAULT_MAX_PER_ORDER, attribute="max_per_order")
    salesEnd = ZonedDateTime(allow_none=True, attribute="sales_end")
    status = Choice(*STATUSES)


class NewEventSchema(EventFields):
    """A new event; it is published unless `status` says draft."""

    title = Text(1, 200, required=True)
    date = ZonedDateTime(required=True)
    venue = Text(1, 200, required=True)
    currency = CurrencyCode(required=True, metadata={"example": "USD"})
    tiers = ma.fields.List(ma.fields.Nested(TierChangeSchema), required=True, validate=ma.validate.Length(1, MAX_TIERS))


class EventChangeSchema(EventFields):
    """A change of an event; at least one member is required. A pool or an end of sales of null is the default."""

    @ma.validates_schema
    def not_empty(self, values: dict[str, Any], **_: Any) -> None:
        """Refuse an empty change."""
        if not values:
            raise ma.ValidationError({"body": ["Give at least one member to change."]})


class IfMatchHeader(ma.Schema):
    """The ETag of the version to change; without it, the current one is changed."""

    class Meta:
        unknown = ma.EXCLUDE

    if_match = ma.fields.String(data_key="If-Match", load_default="", metadata={"example": '"3"'})


class AdminEventsQuery(QuerySchema):
    """Filters and page of the events in the back office."""

    status = Choice("", *EventStatus, load_default="")
    search = Text(0, 200, load_default="")
    page = ClampedInteger(MAX_PAGE, load_default=1, metadata={"minimum": 1})
    limit = ClampedInteger(MAX_PAGE_SIZE, load_default=15, metadata={"minimum": 1})


class AdminTierSchema(TierSchema):
    """A tier in the back office."""

    taken = ma.fields.Integer(metadata={"description": "Tickets sold, reserved or held."})
    held = ma.fields.Integer(metadata={"description": "Tickets held until a time, for a cart or as an offer."})
    waiting = ma.fields.Integer()
    closed = ma.fields.Boolean(metadata={"description": "Whether the editor has closed the tier."})


class AdminEventSchema(EventSchema):
    """An event in the back office."""

    tiers = ma.fields.List(ma.fields.Nested(AdminTierSchema))
    pool = ma.fields.Integer(allow_none=True, metadata={"description": "A ceiling over the tiers, or null."})
    version = ma.fields.Integer()


class AdminEventsSchema(ma.Schema):
    """A page of events, the newest first."""

    items = ma.fields.List(ma.fields.Nested(AdminEventSchema))
    total = ma.fields.Integer()
    page = ma.fields.Integer()
    limit = ma.fields.Integer()
    totalPages = ma.fields.Integer()


def admin_event_members(event: Event) -> dict[str, Any]:
    """Return the members of an event in the back office."""
    return {
        **event_members(event),
        "tiers": [_tier_members(event, tier) for tier in event.tiers],
        "pool": event.pool.capacity if event.pool else None,
        "version": event.version,
    }


def _tier_members(event: Event, tier: Tier) -> dict[str, Any]:
    return {
        **tier_members(event, tier),
        "taken": tier.taken,
        "held": tier.held,
        "waiting": tier.waiting,
        "closed": tier.withdrawn,
    }
