"""Events on the wire, and the query of their list."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import marshmallow as ma

from core import text
from core.clock import iso
from core.errors import Invalid
from core.folding import fold
from core.pagination import Cursor, count_pages
from core.schema_fields import Choice, ClampedInteger, ParsedString, Text
from core.web.request_parser import QuerySchema
from events.listing.model import EventOrder, EventPage, EventQuery
from events.model import Event, EventStatus, Tier
from events.money import Money

MAX_PAGE = 1_000_000
MAX_LIMIT = 50
MAX_SEARCH = 200
MAX_TITLE_KEY = 4000
MAX_SEAT = 20
SORTS = (EventOrder.DATE, EventOrder.PRICE, EventOrder.TITLE)
INVALID_CURSOR = "Not a cursor of this listing in this order."
MILLISECONDS = "[0-9]{1,14}"
# The values of cursors by their order.
CURSOR_VALUES = {
    EventOrder.UPCOMING: re.compile(rf"{MILLISECONDS}-{MILLISECONDS}", re.ASCII),
    EventOrder.DATE: re.compile(MILLISECONDS, re.ASCII),
    EventOrder.PRICE: re.compile("[0-9]{1,15}", re.ASCII),
    EventOrder.TITLE: re.compile(rf".{{0,{MAX_TITLE_KEY}}}", re.DOTALL),
}
EVENT_ID = re.compile("[0-9a-f]{32}", re.ASCII)
EXAMPLE_CURSOR = Cursor("019cb1d2e3f4000000000000000000a1", "1780300800000", EventOrder.DATE)


class SeatLabel(ParsedString):
    """The label of a seat, such as `A12`."""

    def parse(self, value: str) -> str:
        label = text.normalize_text(value, multiline=False)
        if not 1 <= len(label) <= MAX_SEAT:
            raise ValueError(f"Must have 1 to {MAX_SEAT} characters.")
        return label


def require_distinct(labels: list[str]) -> None:
    """Refuse a label that is given twice."""
    if len(set(labels)) < len(labels):
        raise ma.ValidationError("The seats of a tier must differ.")


class CursorText(ParsedString):
    """The text of a cursor; which order it must have depends on the other parameters."""

    def parse(self, value: str) -> str:
        return text.strip_invisible(value)


class EventsQuery(QuerySchema):
    """Search, order and page of the events. Without an order, those to come are first and past ones last."""

    search = Text(0, MAX_SEARCH, load_default="", metadata={"example": "concert"})
    sortBy = Choice("", *SORTS, load_default="", attribute="sort_by")
    sortOrder = Choice("", "asc", "desc", load_default="", attribute="sort_order")
    page = ClampedInteger(MAX_PAGE, load_default=1, metadata={"minimum": 1})
    limit = ClampedInteger(MAX_LIMIT, load_default=10, metadata={"minimum": 1, "description": "At most 50."})
    after = CursorText(load_default="", metadata={"example": str(EXAMPLE_CURSOR)})


class TierSchema(ma.Schema):
    """A kind of ticket of an event."""

    id = ma.fields.String()
    code = ma.fields.String()
    name = ma.fields.String()
    price = ma.fields.String(metadata={"description": "An amount in the currency of the event.", "example": "25.00"})
    capacity = ma.fields.Integer()
    remaining = ma.fields.Integer()
    numbered = ma.fields.Boolean(metadata={"description": "Whether each ticket has a seat."})


class EventSchema(ma.Schema):
    """An event with its tiers."""

    id = ma.fields.String()
    title = ma.fields.String()
    description = ma.fields.String()
    image = ma.fields.String(metadata={"description": "An https address or a path of this site, or empty."})
    imageAlt = ma.fields.String(metadata={"description": "What the image shows; empty if it only decorates."})
    date = ma.fields.String(metadata={"format": "date-time"})
    venue = ma.fields.String()
    price = ma.fields.String(metadata={"description": "The price of the first tier.", "example": "25.00"})
    currency = ma.fields.String(metadata={"example": "USD"})
    status = ma.fields.Enum(EventStatus, by_value=True)
    maxPerOrder = ma.fields.Integer()
    salesEnd = ma.fields.String(metadata={"format": "date-time"})
    waitlist = ma.fields.Integer(metadata={"description": "The number of people in line for any tier."})
    totalTickets = ma.fields.Integer()
    remainingTickets = ma.fields.Integer()
    tiers = ma.fields.List(ma.fields.Nested(TierSchema))
    createdAt = ma.fields.String(metadata={"format": "date-time"})
    updatedAt = ma.fields.String(metadata={"format": "date-time"})


class EventDetailSchema(EventSchema):
    """An event, with the reservation of the signed-in person or null."""

    userReservation = ma.fields.Dict(
        keys=ma.fields.String(),
        values=ma.fields.Raw(),
        allow_none=True,
        metadata={"description": "Only with an access token: the reservation of its holder, or null."},
    )


class PageSchema(ma.Schema):
    """The place of a page in a list."""

    total = ma.fields.Integer()
    page = ma.fields.Integer()
    limit = ma.fields.Integer()
    totalPages = ma.fields.Integer()


class EventsSchema(ma.Schema):
    """A page of events; `next` is the cursor of the following page, or null."""

    data = ma.fields.List(ma.fields.Nested(EventSchema))
    meta = ma.fields.Nested(PageSchema)
    next = ma.fields.String(allow_none=True)


def event_query(values: dict[str, Any]) -> EventQuery:
    """Return the typed query of the parameters; raises Invalid for a cursor of another list or order."""
    order = EventOrder(values["sort_by"] or EventOrder.DATE)
    if not values["sort_by"] and not values["sort_order"]:
        order = EventOrder.UPCOMING
    query = EventQuery(
        search=fold(values["search"]),
        order=order,
        descending=values["sort_order"] == "desc",
        page=values["page"],
        limit=values["limit"],
    )
    if not values["after"]:
        return query
    return replace(query, after=_cursor(values["after"], query))


def page_members(query: EventQuery, page: EventPage) -> dict[str, Any]:
    """Return the members of a page of events."""
    return {
        "data": [event_members(event) for event in page.events],
        "meta": {
            "total": page.total,
            "page": query.page,
            "limit": query.limit,
            "totalPages": count_pages(page.total, query.limit),
        },
        "next": str(page.next) if page.next else None,
    }


def event_members(event: Event) -> dict[str, Any]:
    """Return the members of an event, without the machinery of a schema: a list has many of them."""
    return {
        "id": event.id,
        "title": event.title,
        "description": event.description,
        "image": event.image,
        "imageAlt": event.image_alt,
        "date": iso(event.date),
        "venue": event.venue,
        "price": str(Money(event.price, event.currency)),
        "currency": event.currency,
        "status": event.status.value,
        "maxPerOrder": event.max_per_order,
        "salesEnd": iso(event.sales_end),
        "waitlist": event.waiting,
        "totalTickets": event.capacity,
        "remainingTickets": event.remaining,
        "tiers": [tier_members(event, tier) for tier in event.tiers],
        "createdAt": iso(event.created_at),
        "updatedAt": iso(event.updated_at),
    }


def tier_members(event: Event, tier: Tier) -> dict[str, Any]:
    """Return the members of a tier."""
    return {
        "id": tier.id,
        "code": tier.code,
        "name": tier.name,
        "price": str(Money(tier.price, event.currency)),
        "capacity": tier.capacity,
        "remaining": event.remaining_of(tier),
        "numbered": tier.numbered,
    }


def _cursor(given: str, query: EventQuery) -> Cursor:
    try:
        cursor = Cursor.parse(given)
    except ValueError:
        raise Invalid(errors={"after": [INVALID_CURSOR]}) from None
    matches = CURSOR_VALUES[query.order].fullmatch(cursor.value) and EVENT_ID.fullmatch(cursor.id)
    if cursor.order != query.cursor_order or not matches:
        raise Invalid(errors={"after": [INVALID_CURSOR]})
    return cursor
