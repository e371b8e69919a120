"""An application over mongomock, which is no database: it has no transactions, so nothing is booked through it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mongomock
import pytest

import wiring
from app import create_app
from booking import mapping
from tests import factories
from tests.api_client import Api, over_app

Put = Callable[..., str]


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A client that keeps everything in memory; of the commands it knows `count`, which mongomock does not."""

    def command(db: Any, wanted: dict[str, Any]) -> dict[str, int]:
        limits = {"limit": wanted["limit"]} if wanted["limit"] else {}
        return {"n": db[wanted["count"]].count_documents(wanted["query"], **limits)}

    monkeypatch.setattr(mongomock.Database, "command", command)
    return mongomock.MongoClient(tz_aware=True)


@pytest.fixture
def services(memory: Any) -> wiring.Services:
    """The object graph over `memory`."""
    return wiring.build(factories.settings("mongodb://memory"), client=memory)


@pytest.fixture
def api(memory: Any, services: wiring.Services) -> Api:
    """The verbs over an application on `memory`."""
    return Api(over_app(create_app(services.settings, client=memory)))


@pytest.fixture
def put(services: wiring.Services) -> Put:
    """Put a booking straight into the store, as the counter would have, and return its id; later ones are newer."""
    number = 0

    def add(**changes: Any) -> str:
        nonlocal number
        number += 1
        booking = factories.booking(number, **changes)
        services.db["bookings"].insert_one(mapping.to_document(booking))
        return booking.id

    return add
