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
    event = store_event(db, new_tier(capacity=3))
    path = f"/events/{event.id}"
    return {
        "GET /events": partial(_get, browser, "/events"),
        "GET /events/{id}": partial(_get, browser, path),
        "GET /my/bookings": partial(_get, browser, "/my/bookings"),
    }


def _get(browser: PageBrowser, path: str) -> int:
    return browser.get(path).status_code
