"""Bookings of people with names of several languages, and their search segments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import pytest

import wiring
from booking import mapping
from booking.model import Booking
from booking.search.maintenance import MaintainSearch
from core.mongo.client import Db
from tests.factories import booking as made

SEGMENT_SIZE = 4
LONG_AFTER = datetime(2030, 1, 1, tzinfo=UTC)
PEOPLE = (
    ("Ada Lovelace", "ada.love@example.org", "+14155550001"),
    ("Anna-Maria M\u00fcller", "amm1987@gmail.example", "+4915123456780"),
    ("Conan O\u2019Brien", "o'brien@example.org", "+353871234567"),
    ("\u0130pek Y\u0131ld\u0131z", "ipek@example.com", "+905321112233"),
    ("\u0410\u043b\u0451\u043d\u0430 \u0418\u0432\u0430\u043d\u043e\u0432\u0430", "alena@mail.example", "+79161234567"),
    ("\u738b \u5efa\u56fd", "wang88@qq.example", "+8613800138000"),
    ("Grace Hopper", "grace@navy.example", "+14155550007"),
    ("\u0623\u062d\u0645\u062f \u0639\u0644\u064a", "ahmed@example.org", "+201001234567"),
    ("Giulia Rossi", "giulia.rossi@posta.example", "+390612345678"),
)


@pytest.fixture
def store(db: Db) -> Callable[[Sequence[Booking]], None]:
    """Return a function that stores bookings, without slots and segments."""

    def insert(bookings: Sequence[Booking]) -> None:
        db["bookings"].insert_many([mapping.to_document(one) for one in bookings])

    return insert


@pytest.fixture
def people(store: Callable[[Sequence[Booking]], None]) -> list[str]:
    """Store a booking of each of PEOPLE; return the ids, oldest first."""
    bookings = [
        made(number, full_name=name, email=email, phone=phone) for number, (name, email, phone) in enumerate(PEOPLE)
    ]
    store(bookings)
    return [booking.id for booking in bookings]


@pytest.fixture
def maintain(services: wiring.Services) -> MaintainSearch:
    """The periodic task, with segments of a few bookings, long after the bookings were made."""
    task = services.booking.maintain_search
    task.segments.size = SEGMENT_SIZE
    task.clock = lambda: LONG_AFTER
    return task
