"""The booking form of a signed-in person, the page of a promoted entry, and the focus after a cancellation."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask

from core.mongo.client import Db
from tests.api.conftest import Clock
from tests.api.pages.page_browser import DATE, fill, value
from tests.api_client import Api
from tests.pages.account.page_browser import EMAIL, PageBrowser, shown


@pytest.fixture
def ada(app: Flask) -> PageBrowser:
    browser = PageBrowser(app.test_client())
    browser.sign_up()
    return browser


def form(browser: PageBrowser, api: Api, **changes: str) -> dict[str, str]:
    page = browser.get(f"/?date={DATE}").text
    token = re.search(r'name="form" value="([^"]+)"', page)
    assert token
    fields = {"fullName": value(page, "fullName"), "email": value(page, "email"), "country": "US"}
    numbers = {"phone": "+14155550123", "slotId": api.slots(DATE)[0]["_id"], "date": DATE}
    return {**fields, **numbers, "form": token[1], "website": "", "action": "book", **changes}


def test_form_has_the_name_and_address_of_the_account(ada: PageBrowser) -> None:
    page = ada.get(f"/?date={DATE}").text

    assert (value(page, "fullName"), value(page, "email")) == ("Ada Lovelace", EMAIL)


def test_form_of_a_guest_is_empty(app: Flask) -> None:
    page = PageBrowser(app.test_client()).get(f"/?date={DATE}").text

    assert (value(page, "fullName"), value(page, "email")) == ("", "")


@pytest.mark.parametrize("changes", [{}, {"email": "friend@example.org", "fullName": "A Friend"}])
def test_booking_of_a_signed_in_person_is_in_my_bookings(
    ada: PageBrowser, api: Api, db: Db, clock: Clock, changes: dict[str, str]
) -> None:
    sent = form(ada, api, **changes)
    clock.pass_by(seconds=5)
    assert ada.post("/", sent).status_code == 303

    booking: Any = db["bookings"].find_one()
    assert booking["accountId"] == str((db["accounts"].find_one() or {})["_id"])
    assert "Thursday 5 March 2026" in shown(ada.get("/my/bookings"))


def test_booking_in_a_frame_belongs_to_no_account(ada: PageBrowser, api: Api, db: Db, clock: Clock) -> None:
    sent = form(ada, api)
    clock.pass_by(seconds=5)
    assert ada.post("/embed", sent).status_code == 303

    booking: Any = db["bookings"].find_one()
    assert not booking.get("accountId")


def test_promoted_entry_shows_reference_and_calendar(app: Flask, api: Api, db: Db) -> None:
    slot = api.slots(DATE)[0]
    fill(api, slot)
    entry = api.wait_for(slot).json["entry"]
    guest = app.test_client()
    path = f"/waitlist/{entry['id']}"
    guest.post(f"{path}/open", data={"token": entry["manageUrl"].partition("#token=")[2]})
    early = guest.get(f"{path}/calendar.ics", headers={"Accept": "text/html"})
    before = guest.get(path).text
    api.admin("PATCH", f"/slots/{slot['_id']}", json={"capacity": 5})

    page = guest.get(path).text
    file = guest.get(f"{path}/calendar.ics")

    booking: Any = db["bookings"].find_one({"email": entry["email"]})
    assert (early.status_code, "calendar.ics" in before) == (404, False)
    assert booking["reference"] in page
    assert f'href="{path}/calendar.ics"' in page
    assert (file.status_code, file.mimetype) == (200, "text/calendar")


def test_calendar_of_an_entry_needs_its_cookie(app: Flask, api: Api) -> None:
    slot = api.slots(DATE)[0]
    fill(api, slot)
    entry = api.wait_for(slot).json["entry"]

    assert app.test_client().get(f"/waitlist/{entry['id']}/calendar.ics").status_code == 404


def test_heading_has_the_focus_after_a_cancellation(app: Flask, api: Api) -> None:
    booking = api.book(api.slots(DATE)[0]).json["booking"]
    guest = app.test_client()
    path = f"/bookings/{booking['id']}"
    guest.post(f"{path}/open", data={"token": booking["manageUrl"].partition("#token=")[2]})

    before = guest.get(path).text
    after = guest.post(f"{path}/cancel", follow_redirects=True).text

    assert "<h1>Your booking" in before
    assert '<h1 tabindex="-1" autofocus>This booking is cancelled' in after
