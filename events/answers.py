"""Answers of the public routes: serialised pages and events, each read shared by concurrent requests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from core.clock import Clock
from core.web import etag
from events.listing.model import EventQuery
from events.listing.query import EventListing
from events.schemas import event_members, page_members
from events.service import Events

# Returns the members of a person's active reservation of an event, by the account's id and the event's, or None.
UserReservations = Callable[[str, str], Mapping[str, Any] | None]


@dataclass(frozen=True)
class EventAnswers:
    """The public answers about events."""

    page: Callable[[EventQuery], etag.CachedJson]
    event: Callable[[str], etag.CachedJson]
    reservations: UserReservations

    @classmethod
    def over(cls, events: Events, listing: EventListing, clock: Clock, reservations: UserReservations) -> EventAnswers:
        """Return the answers that `events` and `listing` give."""
        return cls(
            page=etag.shared_json(lambda query: page_members(query, listing.find(query, clock()))),
            event=etag.shared_json(lambda event_id: event_members(events.get(event_id))),
            reservations=reservations,
        )

    def for_person(self, event_id: str, account_id: str) -> bytes:
        """Return the JSON of an event with `userReservation`, the reservation of the person or null."""
        shared = self.event(event_id).body
        reservation = orjson.dumps(self.reservations(account_id, event_id))
        return shared[:-1] + b',"userReservation":' + reservation + b"}"


def no_reservations(_account_id: str, _event_id: str) -> None:
    """Return that a person has no reservation."""
