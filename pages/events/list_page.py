"""Page of the list of events: search, order and pages by a form that works without scripts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import marshmallow as ma
from flask import Response, request
from flask_babel import gettext

from core.folding import fold
from core.pagination import count_pages
from core.schema_fields import Choice, ClampedInteger, Text
from core.web import context
from events.listing.model import EventOrder, EventQuery
from events.listing.query import EventListing
from events.schemas import MAX_PAGE, MAX_SEARCH
from events.service import Events
from pages.errors import FormRefused
from pages.events.messages import client_messages
from pages.events.view import EventCard
from pages.rendering import has_live_updates, render_page

# Full rows of one, two and three columns.
PAGE_SIZE = 12
CHEAPER_FIRST = "price"
DEARER_FIRST = "price-desc"
# The cards show the price of the cheapest tier.
ORDERS = {
    EventOrder.UPCOMING.value: EventOrder.UPCOMING,
    CHEAPER_FIRST: EventOrder.LOWEST_PRICE,
    DEARER_FIRST: EventOrder.LOWEST_PRICE,
    EventOrder.TITLE.value: EventOrder.TITLE,
}
SORTS = tuple(ORDERS)


class ListParametersSchema(ma.Schema):
    """The fields of the search form; other parameters, such as those of campaigns, are ignored."""

    class Meta:
        unknown = ma.EXCLUDE

    search = Text(0, MAX_SEARCH, load_default="")
    sort = Choice("", *SORTS, load_default="")
    page = ClampedInteger(MAX_PAGE, load_default=1)


PARAMETERS = ListParametersSchema()


@dataclass(frozen=True)
class ListParameters:
    """The submitted search."""

    search: str
    sort: str
    page: int

    @classmethod
    def of_request(cls) -> ListParameters:
        """Return the parameters of this request; raises FormRefused."""
        try:
            values: dict[str, Any] = PARAMETERS.load(request.args.to_dict())
        except ma.ValidationError:
            raise FormRefused(
                gettext("This list cannot be searched for that. Please search for a title or a place.")
            ) from None
        return cls(values["search"], values["sort"] or EventOrder.UPCOMING, values["page"])

    @property
    def query(self) -> EventQuery:
        """Return the query of the event list."""
        is_descending = self.sort == DEARER_FIRST
        return EventQuery(
            search=fold(self.search),
            order=ORDERS[self.sort],
            descending=is_descending,
            page=self.page,
            limit=PAGE_SIZE,
        )


def list_page() -> Response:
    """Return the page of the events that the request searches for."""
    parameters = ListParameters.of_request()
    now = context.get_service(Events).clock()
    found = context.get_service(EventListing).find(parameters.query, now)
    return render_page(
        "events/list.html",
        cards=[EventCard.of(event, now) for event in found.events],
        total=found.total,
        parameters=parameters,
        sorts=SORTS,
        last_page=max(1, count_pages(found.total, PAGE_SIZE)),
        messages=client_messages(),
        live=has_live_updates(),
    )
