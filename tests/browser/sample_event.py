"""Sample bookings: an event whose days and slots have every level of availability."""

from __future__ import annotations

from typing import Any

from tests.api_client import Api
from tests.browser.booking_form import DATE

BOOKINGS_BY_DATE = {"2026-03-01": 36, "2026-03-03": 29, "2026-03-09": 14, "2026-03-15": 30}
BOOKINGS_BY_SLOT = (4, 3, 0, 4, 1, 2, 0, 0, 0)


def book_sample_event(api: Api) -> list[dict[str, Any]]:
    """Book places on several days and close the last slot of DATE. Returns the slots of DATE."""
    for date, count in BOOKINGS_BY_DATE.items():
        _book_first_places(api, date, count)
    slots = api.slots(DATE)
    for slot, count in zip(slots, BOOKINGS_BY_SLOT, strict=True):
        book_times(api, slot, count)
    assert api.admin("PATCH", f"/slots/{slots[-1]['_id']}", json={"closed": True}).status == 200
    return api.slots(DATE)


def book_times(api: Api, slot: dict[str, Any], count: int) -> list[dict[str, Any]]:
    """Book `count` places of a slot; returns the bookings."""
    return [_book(api, slot) for _ in range(count)]


def fill_slot(api: Api, slot: dict[str, Any]) -> list[dict[str, Any]]:
    """Book all places of a slot that are left; returns the bookings."""
    return book_times(api, slot, slot["remaining"])


def _book(api: Api, slot: dict[str, Any]) -> dict[str, Any]:
    answer = api.book(slot)
    assert answer.status == 201, answer.body
    booking: dict[str, Any] = answer.json["booking"]
    return booking


def _book_first_places(api: Api, date: str, count: int) -> None:
    places = [slot for slot in api.slots(date) for _ in range(slot["remaining"])]
    for slot in places[:count]:
        _book(api, slot)
