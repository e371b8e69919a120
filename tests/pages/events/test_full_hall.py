"""Page of ten thousand seats: its bytes, its elements, the seats that it reads, and its calls of Python."""

from __future__ import annotations

import re
import sys
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from core.mongo.client import Db
from core.web.context import runtime_of
from events.model import Event
from events.seat_store import SeatStore
from orders.seats.listing import ListSeats
from pages.events.seat_layout import SeatLayout, SeatLayouts
from tests.browser.events.sample_events import ARENA, store_arena, take_seats

PAGE_BYTES = 80_000
PAGE_ELEMENTS = 600
# Measured: 24,000 where every third seat is taken. A call for each seat would be ten thousand more.
PAGE_CALLS = 30_000


@pytest.fixture
def arena(db: Db) -> Event:
    return store_arena(db)


@pytest.fixture
def browser(app: Flask) -> FlaskClient:
    return app.test_client()


def page_of(browser: FlaskClient, event: Event) -> str:
    answer = browser.get(f"/events/{event.id}/seats", headers={"Accept": "text/html"})
    assert answer.status_code == 200
    return answer.text


def calls_of(browser: FlaskClient, event: Event) -> int:
    """Return how many functions of Python a second request of the page calls."""
    count = 0

    def profile(_: Any, kind: str, __: Any) -> None:
        nonlocal count
        count += kind == "call"

    page_of(browser, event)
    sys.setprofile(profile)
    try:
        page_of(browser, event)
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("step", [1, 2, 3, 100])
def test_page_of_ten_thousand_seats_is_small(db: Db, browser: FlaskClient, arena: Event, step: int) -> None:
    take_seats(db, arena, ARENA[::step][:-1])

    page = page_of(browser, arena)

    assert len(page) < PAGE_BYTES
    assert len(re.findall(r"<[a-z]", page)) < PAGE_ELEMENTS


def test_page_of_ten_thousand_seats_calls_nothing_for_each(browser: FlaskClient, arena: Event) -> None:
    assert calls_of(browser, arena) < PAGE_CALLS


def test_control_layout_made_for_each_request_takes_more_calls(
    app: Flask, browser: FlaskClient, arena: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    listing = runtime_of(app).get(ListSeats)
    monkeypatch.setattr(SeatLayouts, "get", lambda _, tier_id: SeatLayout.of(listing.all_of(tier_id)))

    assert calls_of(browser, arena) > 2 * PAGE_CALLS


def test_page_reads_index_keys_of_taken_seats_and_no_seat(db: Db, arena: Event) -> None:
    tier_id = arena.tiers[0].id
    db.command("profile", 2)
    taken = SeatStore(db).taken_of_tier(tier_id)
    db.command("profile", 0)

    reads = db["system.profile"].find({"ns": f"{db.name}.seats", "op": {"$in": ["query", "getmore"]}}).to_list()
    assert len(taken) == len(ARENA[::3])
    assert set(taken.values()) == {"order"}
    assert sum(read["docsExamined"] for read in reads) == 0
    assert sum(read["keysExamined"] for read in reads) <= len(taken) + 2
