"""Valid requests and settings, to be changed by the one member a test is about."""

from __future__ import annotations

import itertools
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from booking.model import Booking
from core.config.settings import Settings, from_env

ADMIN_KEY = "test-admin-key-0001"
SECOND_ADMIN_KEY = "test-admin-key-0002"
_people = itertools.count(1)
START = datetime(2026, 2, 1, 9, tzinfo=UTC)


def environment(mongodb_uri: str, **changes: str) -> dict[str, str]:
    """Return the environment of a test: a database of its own, generous limits, and `changes`."""
    return {
        "MONGODB_URI": mongodb_uri,
        "MONGODB_DATABASE": f"t{uuid.uuid4().hex[:16]}",
        "ADMIN_KEY": f"{ADMIN_KEY},{SECOND_ADMIN_KEY}",
        "SECRET_KEY": "a secret only tests know",
        "RATE_LIMIT_DEFAULT": "1000000 per hour",
        "RATE_LIMIT_BOOKINGS": "1000000 per hour",
        "RATE_LIMIT_LOGIN": "1000000 per hour",
        "RATE_LIMIT_REGISTER": "1000000 per hour",
        "RATE_LIMIT_RESERVE": "1000000 per hour",
        "RATE_LIMIT_ORDERS": "1000000 per hour",
        "RATE_LIMIT_EMAILS": "1000000 per hour",
        "RATE_LIMIT_BOOKING_EMAILS": "1000000 per hour",
        "RATE_LIMIT_STORAGE": "memory://",
        **changes,
    }


def settings(mongodb_uri: str, **changes: str) -> Settings:
    """Return settings for a test."""
    return from_env(environment(mongodb_uri, **changes))


def person(**changes: Any) -> dict[str, Any]:
    """Return the form of somebody who has not been here before, without date and slot."""
    number = next(_people)
    return {
        "fullName": f"Guest Number{number}",
        "email": f"guest{number}.{uuid.uuid4().hex[:8]}@example.org",
        "phone": f"+1415{2000000 + number % 7999999}",
        "country": "US",
        "city": "Berkeley",
        "message": "",
        **changes,
    }


def contact(**changes: Any) -> dict[str, Any]:
    """Return who somebody is who has not been here before, and nothing else."""
    form = person(**changes)
    return {name: form[name] for name in ("fullName", "email", "phone", "country")}


def booking(number: int, **changes: Any) -> Booking:
    """Return a booking as it is kept, made `number` minutes after START."""
    made = START + timedelta(minutes=number)
    values: dict[str, Any] = {
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
    }
    return Booking(**(values | changes))
