"""Requests to each page for frames, in a full database."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from flask import Flask

from core.mongo.client import Db
from pages import receipt

Call = Callable[[], int]
Records = Mapping[str, Mapping[str, Any]]


def embed_calls(app: Flask, db: Db, records: Records, form: Mapping[str, str]) -> dict[str, Call]:
    """Return a request to each of the pages; `records` are a booking and a waiting-list entry."""
    booking_id = records["booking"]["id"]
    entry_id = records["entry"]["id"]
    with app.test_request_context():
        booked = receipt.issue(booking_id)
        joined = receipt.issue(entry_id)
    event_id = str(db["events"].distinct("_id")[0])
    return {
        "GET /widget.js": partial(_get, app, "/widget.js"),
        "GET /embed": partial(_get, app, f"/embed?date={form['date']}"),
        "POST /embed": lambda: app.test_client().post("/embed", data=dict(form)).status_code,
        "GET /embed/bookings/{id}/done": partial(_get, app, f"/embed/bookings/{booking_id}/done?receipt={booked}"),
        "GET /embed/waitlist/{id}/joined": partial(_get, app, f"/embed/waitlist/{entry_id}/joined?receipt={joined}"),
        "GET /embed/events/{id}": partial(_get, app, f"/embed/events/{event_id}"),
    }


def _get(app: Flask, path: str) -> int:
    return app.test_client().get(path).status_code
