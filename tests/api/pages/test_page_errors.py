"""Cross-site posts, an unavailable database, and error pages."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from pymongo import MongoClient

from core.mongo.client import Client, Db
from tests.api.conftest import Clock
from tests.api.pages.page_browser import DATE, Browser, shown, value
from tests.api_client import Api, over_app

# Doors that stay shut


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 303),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, 303),
        ({"Sec-Fetch-Site": "none"}, 303),
        ({"Origin": "http://localhost"}, 303),
        ({"Origin": "null"}, 303),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "http://localhost.evil.example"}, 403),
    ],
)
def test_only_our_own_page_may_send_the_form(
    browser: Browser, api: Api, db: Db, headers: dict[str, str], status: int
) -> None:
    form = browser.form(api.slots(DATE)[0])

    answer = browser.send(form, headers=headers)

    assert answer.status_code == status
    assert db["bookings"].count_documents({}) == (status == 303)
    assert status == 303 or value(answer.text, "email") == form["email"]


def test_another_site_cannot_press_the_buttons_of_a_booking(browser: Browser, api: Api) -> None:
    made = api.book(api.slots(DATE)[0]).json["booking"]
    token = made["manageUrl"].partition("#token=")[2]
    headers = {"Cookie": f"token={token}", "Sec-Fetch-Site": "cross-site"}

    answer = browser.app.test_client(use_cookies=False).post(f"/bookings/{made['id']}/cancel", headers=headers)

    assert (answer.status_code, api.slots(DATE)[0]["bookedCount"]) == (403, 1)


def test_the_page_counts_bookings_as_the_api_does_and_keeps_what_was_typed(
    make_app: Callable[..., Flask], clock: Clock
) -> None:
    app = make_app(clock=clock, RATE_LIMIT_BOOKINGS="1 per hour")
    browser, api = Browser(app, clock), Api(over_app(app))
    slot = api.slots(DATE)[0]
    browser.send(browser.form(slot))

    form = browser.form(slot)
    refused = browser.send(form)

    assert (refused.status_code, api.book(slot).status) == (429, 429)
    assert int(refused.headers["Retry-After"]) > 0
    assert "Please try again in" in shown(refused)
    assert value(refused.text, "email") == form["email"]


@pytest.fixture
def away(make_app: Callable[..., Flask], clock: Clock) -> Iterator[Browser]:
    """The pages of a service whose database has gone away."""
    address = "mongodb://127.0.0.1:1/?replicaSet=rs0"
    client: Client = MongoClient[dict[str, Any]](address, tz_aware=True, serverSelectionTimeoutMS=100)
    yield Browser(make_app(clock=clock, client=client), clock)
    client.close()


def test_without_the_database_the_form_comes_back_whole(away: Browser, api: Api) -> None:
    slot = api.slots(DATE)[0]
    page = away.get(f"/?date={DATE}")
    assert (page.status_code, "cannot see at the moment" in page.text) == (503, True)
    assert int(page.headers["Retry-After"]) > 0

    form = away.form(slot, page.text)
    refused = away.send(form)

    assert (refused.status_code, "nothing is booked yet" in shown(refused)) == (503, True)
    assert value(refused.text, "email") == form["email"]
    assert f'value="{slot["_id"]}" required checked' in refused.text


def test_page_waits_for_the_database_shorter_than_the_driver_does(
    make_app: Callable[..., Flask], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pages.booking.form_page.READ_TIMEOUT", 0.1)
    address = "mongodb://127.0.0.1:1/?replicaSet=rs0"
    client: Client = MongoClient[dict[str, Any]](address, tz_aware=True, serverSelectionTimeoutMS=20_000)
    browser = Browser(make_app(clock=clock, client=client), clock)

    begun = time.monotonic()
    answer = browser.get(f"/?date={DATE}")
    client.close()

    assert answer.status_code == 503
    assert time.monotonic() - begun < 10, "half of what the driver would wait"


# Pages for what is not there


def test_browsers_get_pages_where_programs_get_problems(browser: Browser, api: Api) -> None:
    page, program = browser.get("/nowhere"), api.get("/nowhere")

    assert (page.status_code, page.mimetype, "There is no such page" in page.text) == (404, "text/html", True)
    assert (program.status, program.code) == (404, "not_found")
    assert browser.get("/api/nowhere").mimetype == "application/problem+json"
    assert browser.get("/api/slots?date=junk").mimetype == "application/problem+json"


def test_what_breaks_on_a_page_reports_nothing_but_a_number(app: Flask, mongo: Client) -> None:
    app.view_functions["pages.api_docs.docs"] = broken

    answer = app.test_client().get("/api/docs", headers={"X-Request-ID": "number-1"})

    assert (answer.status_code, answer.mimetype) == (500, "text/html")
    assert "number-1" in answer.text
    assert "secret" not in answer.text


def broken() -> str:
    raise RuntimeError("secret")
