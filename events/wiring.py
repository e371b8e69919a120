"""Object graph of events."""

from __future__ import annotations

from dataclasses import dataclass

from core.clock import Clock
from core.mongo.client import Db
from events import store as event_store
from events.answers import EventAnswers, UserReservations, no_reservations
from events.listing.query import EventListing
from events.service import Events
from events.store import EventStore

SCHEMAS = (*event_store.SCHEMAS,)


@dataclass(frozen=True)
class Foundation:
    """What events are built on. `reservations` finds what a person has reserved."""

    db: Db
    clock: Clock
    events: Events
    reservations: UserReservations = no_reservations


@dataclass(frozen=True)
class EventServices:
    """The use cases of events."""

    answers: EventAnswers


def build_events(db: Db, clock: Clock) -> Events:
    """Return the reads of events, on which claims are built as well."""
    return Events(EventStore(db), clock)


def build(base: Foundation) -> EventServices:
    """Return the use cases of events."""
    listing = EventListing(base.db, base.events.store)
    return EventServices(
        answers=EventAnswers.over(base.events, listing, base.clock, base.reservations),
    )
