"""Requests to each page of events and to the page of a person's bookings, in a full database."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from flask import Flask

from core.mongo.client import Db
from tests.event_calls import new_tier, store_event
from tests.factories import contact
from tests.pages.account.page_browser import PageBrowser

Call = Callable[[], int]


def event_page_calls(app: Flask, db: Db) -> dict[str, Call]:
    """Return a request of a signed-in person to each of the pages."""
    browser = PageBrowser(app.test_client())
    assert browser.sign_up(email=contact()["email"]).status_code == 303
    event = store_event(db, new_tier(capacity=1), new_tier("HALL", capacity=3, seats=("A1", "A2", "A3")))
    path = f"/events/{event.id}"
    tier = {"tier": event.tiers[0].id}
    return {
        "GET /events": partial(_get, browser, "/events"),
        "GET /events/{id}": partial(_get, browser, path),
        "GET /events/{id}/seats": partial(_get, browser, f"{path}/seats"),
        "POST /events/{id}/reserve": partial(_post, browser, f"{path}/reserve", {}),
        "POST /events/{id}/cancel": partial(_post, browser, f"{path}/cancel", {}),
        "POST /events/{id}/wait": partial(_post, browser, f"{path}/wait", tier),
        "POST /events/{id}/leave": partial(_post, browser, f"{path}/leave", tier),
        "POST /my/bookings/cancel": partial(_post, browser, "/my/bookings/cancel", {"reservation": "0" * 32}),
        "POST /my/bookings/open": partial(_post, browser, "/my/bookings/open", {"booking": "0" * 32}),
        "GET /my/bookings": partial(_get, browser, "/my/bookings"),
    }


def _get(browser: PageBrowser, path: str) -> int:
    return browser.get(path).status_code


def _post(browser: PageBrowser, path: str, form: dict[str, str]) -> int:
    return browser.post(path, form).status_code
