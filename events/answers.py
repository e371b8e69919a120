"""Answers of the public routes: serialised pages and events, each read shared by concurrent requests."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from core.clock import Clock
from core.web import etag
from events.errors import EventNotFound
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
            event=_event_answer(events),
            reservations=reservations,
        )

    def for_person(self, event_id: str, account_id: str) -> bytes:
        """Return the JSON of an event with `userReservation`, the reservation of the person or null."""
        shared = self.event(event_id).body
        reservation = orjson.dumps(self.reservations(account_id, event_id))
        return shared[:-1] + b',"userReservation":' + reservation + b"}"


def _event_answer(events: Events) -> Callable[[str], etag.CachedJson]:
    """Return the answer about an event by id; the events of concurrent requests are read together."""

    def read_many(event_ids: Collection[str]) -> dict[str, Any]:
        return {event_id: event_members(event) for event_id, event in events.get_many(event_ids).items()}

    read = etag.batched_json(read_many)

    def answer(event_id: str) -> etag.CachedJson:
        found = read(event_id)
        if found is None:
            raise EventNotFound
        return found

    return answer


def no_reservations(_account_id: str, _event_id: str) -> None:
    """Return that a person has no reservation."""
