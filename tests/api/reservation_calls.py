"""Requests to each public route of reservations in a full database."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask

import wiring
from core.web.context import runtime_of
from tests.api_client import over_app
from tests.event_calls import new_tier, store_event
from tests.members import members

OTHERS = 300


def reservation_calls(app: Flask) -> dict[str, Callable[[], int]]:
    """Return a request to each public route of reservations, for a person among many of an event."""
    services = runtime_of(app).get(wiring.Services)
    db = services.db
    events = [store_event(db, new_tier(capacity=10_000), pool=10_000) for _ in range(3)]
    member = members(db, services.settings, over_app(app), 1)[0]
    assert member.reserve(events[0].id).status == 201
    assert member.reserve(events[1].id).status == 201
    row: dict[str, Any] = db["reservations"].find_one({"accountId": member.account.id}) or {}
    db["reservations"].insert_many(
        [{**row, "_id": f"{row['_id']}-{number}", "accountId": f"other-{number}"} for number in range(OTHERS)]
    )
    seated = store_event(db, new_tier(capacity=100, seats=[f"A{number}" for number in range(100)]))
    seats = f"/api/events/{seated.id}/seats?tierId={seated.tiers[0].id}"
    full = store_event(db, new_tier(capacity=1))
    members(db, services.settings, over_app(app), 1)[0].reserve(full.id)
    waitlist = f"/api/tiers/{full.tiers[0].id}/waitlist"
    path = f"/api/events/{events[1].id}/reserve"
    return {
        "POST /api/events/{id}/reserve": lambda: member.reserve(events[2].id).status,
        "DELETE /api/events/{id}/reserve": lambda: member.send("DELETE", path).status,
        "GET /api/events/{id}/seats": lambda: member.send("GET", seats).status,
        "POST /api/tiers/{id}/waitlist": lambda: member.send("POST", waitlist, json={"quantity": 1}).status,
        "DELETE /api/tiers/{id}/waitlist": lambda: member.send("DELETE", waitlist).status,
        "POST /api/book": lambda: member.send("POST", "/api/book", json={"eventId": events[2].id}).status,
        "GET /api/bookings": lambda: member.bookings("all").status,
    }
