"""An application over mongomock, which is no database: it has no transactions, so nothing is booked through it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import mongomock
import pytest

import wiring
from app import create_app
from booking import store
from booking.model import Booking
from tests import factories
from tests.api_client import Api, over_app

START = datetime(2026, 2, 1, 9, tzinfo=UTC)
Put = Callable[..., str]


@pytest.fixture
def memory() -> Any:
    """A client that keeps everything in memory."""
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
        made = START + timedelta(minutes=number)
        booking = Booking(
            **{
                "id": f"{int(made.timestamp() * 1000):012x}{number:020x}",
                "reference": f"K7MP-{number:04d}",
                "full_name": "Somebody Else",
                "email": f"guest{number}@example.org",
                "phone": f"+1415555{number:04d}",
                "country": "US",
                "city": "",
                "message": "",
                "date": "2026-03-05",
                "slot_id": "slot-0000001",
                "slot_label": "10:00-11:00",
                "created_at": made,
                **changes,
            }
        )
        services.db["bookings"].insert_one(store._document(booking))
        return booking.id

    return add
