"""Events for tests: stored directly, or created through the API of the back office."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import wiring
from app import create_app
from core.clock import iso
from core.mongo.client import Client, Db
from core.mongo.transactions import Session, transaction
from events.editor.new_event import NewEvent, NewTier
from events.model import Event
from events.seat_store import SeatStore
from events.seats import seats_of
from events.store import EventStore
from tests import factories
from tests.api_client import Api, over_app

_numbers = itertools.count(1)


def new_event(*tiers: NewTier, **changes: Any) -> NewEvent:
    """Return a published event in a month with one tier of 10 tickets at 25.00 USD, or with `tiers`."""
    now = datetime.now(UTC).replace(microsecond=0)
    event = NewEvent(
        title=f"Event {next(_numbers)}",
        date=now + timedelta(days=30),
        venue="Town Hall",
        currency="USD",
        tiers=tiers or (new_tier(),),
    )
    return replace(event, **changes)


def new_tier(code: str = "GA", price: int = 2500, capacity: int = 10, **changes: Any) -> NewTier:
    """Return a tier; `price` is in minor units."""
    return replace(NewTier(code=code, name=code.title(), price=price, capacity=capacity), **changes)


def store_event(db: Db, *tiers: NewTier, **changes: Any) -> Event:
    """Store an event, see `new_event`; `db` must be that of a client with a replica set."""
    new = new_event(*tiers, **changes)
    event = new.build(datetime.now(UTC).replace(microsecond=0))

    def store(session: Session) -> None:
        EventStore(db).insert(session, event)
        for tier, given in zip(event.tiers, new.tiers, strict=True):
            if given.seats:
                SeatStore(db).insert(session, seats_of(event.id, tier.id, given.seats))

    transaction(db.client, store, 8.0)
    return event


def event_form(**changes: Any) -> dict[str, Any]:
    """Return the JSON of a new event; changes with the value None leave a member out."""
    form = {
        "title": f"Event {next(_numbers)}",
        "description": "Doors open an hour before.",
        "date": iso(datetime.now(UTC).replace(microsecond=0) + timedelta(days=30)),
        "venue": "Town Hall",
        "currency": "USD",
        "tiers": [tier_form()],
        **changes,
    }
    return {name: value for name, value in form.items() if value is not None}


def tier_form(code: str = "GA", price: str = "25.00", capacity: int = 10, **changes: Any) -> dict[str, Any]:
    """Return the JSON of a tier."""
    return {"code": code, "name": code.title(), "price": price, "capacity": capacity, **changes}


def create_event(api: Api, **changes: Any) -> dict[str, Any]:
    """Create an event through the back office; return it as the answer shows it."""
    answer = api.admin("POST", "/events", json=event_form(**changes))
    assert answer.status == 201, answer.body
    created: dict[str, Any] = answer.json
    return created


@contextmanager
def eventless_api(mongodb_uri: str, mongo: Client) -> Iterator[Api]:
    """Yield the verbs over an application for tests that store nothing, and fail if one has stored an event."""
    settings = factories.settings(mongodb_uri)
    db = mongo[settings.mongodb_database]
    wiring.prepare_database(db)
    yield Api(over_app(create_app(settings, client=mongo)))
    stored = db["events"].count_documents({})
    mongo.drop_database(db.name)
    assert stored == 0
