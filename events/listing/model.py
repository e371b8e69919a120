"""Requests for a page of events: search, order, and the cursor of a walk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from core.pagination import Cursor
from events.model import Event, EventStatus


class EventOrder(StrEnum):
    """Order of events. UPCOMING has those to come by date, then the past ones, the latest first.

    PRICE is that of the first tier, which the API calls the event's price; LOWEST_PRICE is that of the cheapest one.
    """

    UPCOMING = "upcoming"
    DATE = "date"
    PRICE = "price"
    LOWEST_PRICE = "lowest_price"
    TITLE = "title"
    NEWEST = "newest"


@dataclass(frozen=True, kw_only=True)
class EventQuery:
    """A page of the events in one of `statuses` whose title or venue contains `search`, a folded text.

    It begins after the cursor `after`, else it is the page with this number.
    """

    statuses: Sequence[EventStatus] = (EventStatus.PUBLISHED,)
    search: str = ""
    order: EventOrder = EventOrder.UPCOMING
    descending: bool = False
    page: int = 1
    limit: int = 10
    after: Cursor | None = None

    @property
    def cursor_order(self) -> str:
        """The order that the cursors of this walk name."""
        return f"{self.order}desc" if self.descending else self.order.value


@dataclass(frozen=True)
class EventPage:
    """A page of events, the number of all that match, and the cursor of the next page, or None on the last one."""

    events: Sequence[Event]
    total: int
    next: Cursor | None
