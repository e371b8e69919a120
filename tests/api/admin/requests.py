"""Requests of the back office in tests."""

from __future__ import annotations

from typing import Any

from tests.api_client import Answer, Api


def booked(api: Api, slot: int = 0, date: str = "2026-03-05", **changes: Any) -> str:
    """Book a place and return the booking's id."""
    answer = api.book(api.slots(date)[slot], **changes)
    assert answer.status == 201, answer.body
    return str(answer.json["booking"]["id"])


def found(api: Api, **query: str) -> list[str]:
    """Return the ids that a search finds."""
    answer = api.admin("GET", "/bookings", query={"limit": "100", **query})
    assert answer.status == 200, answer.body
    assert answer.json["total"] == len(answer.json["items"])
    return [item["_id"] for item in answer.json["items"]]


def patch(api: Api, slot: dict[str, Any], **change: Any) -> Answer:
    return api.admin("PATCH", f"/slots/{slot['_id']}", json=change)
