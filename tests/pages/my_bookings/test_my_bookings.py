"""Page of a person's own bookings."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from core.mongo.client import Db
from events.model import EventStatus
from tests.api_client import Api
from tests.event_calls import new_tier, store_event
from tests.pages.account.page_browser import EMAIL, PageBrowser, shown

PATH = "/my/bookings"


@pytest.fixture
def ada(app: Flask, db: Db) -> PageBrowser:
    browser = PageBrowser(app.test_client())
    browser.sign_up()
    db.accounts.update_one({"email": EMAIL}, {"$set": {"emailVerified": True}})
    return browser


def chips(text: str) -> list[str]:
    return re.findall(r'<p class="chip [a-z-]+">(?:<svg.*?</svg>)?\s*([^<]*)</p>', text)


def test_page_without_a_session_leads_to_the_sign_in_and_back(app: Flask) -> None:
    browser = PageBrowser(app.test_client())

    assert browser.get(PATH).headers["Location"] == f"/sign-in?next={PATH}"
    for button in (f"{PATH}/cancel", f"{PATH}/open"):
        answer = browser.post(button)
        assert (answer.status_code, answer.headers["Location"]) == (303, f"/sign-in?next={button}")
        assert browser.get(button).headers["Location"] == PATH


def test_empty_page_says_what_to_do(ada: PageBrowser) -> None:
    page = ada.get(PATH)

    assert page.status_code == 200
    assert "You have not reserved an event yet." in page.text
    assert "You have not booked an hour yet." in page.text
    assert 'href="/events"' in page.text.partition("my-section")[2]


def test_reservations_are_shown_with_their_state_the_active_first(ada: PageBrowser, db: Db) -> None:
    for title in ("Left", "Called off", "Over", "Soon"):
        event = store_event(db, title=title)
        ada.post(f"/events/{event.id}/reserve")
        if title == "Left":
            ada.post(f"/events/{event.id}/cancel")
        if title == "Called off":
            db.events.update_one({"_id": event.id}, {"$set": {"status": EventStatus.CANCELLED.value}})
        if title == "Over":
            db.events.update_one({"_id": event.id}, {"$set": {"date": datetime.now(UTC) - timedelta(hours=1)}})

    page = ada.get(PATH)

    assert re.findall(r">([^<]*)</a></h3>", page.text)[0] == "Soon"
    assert sorted(chips(page.text)) == ["Cancelled", "Cancelled", "Confirmed", "Past"]
    assert page.text.count("<dialog") == 1


def test_reservation_is_cancelled_on_the_page(ada: PageBrowser, db: Db) -> None:
    event = store_event(db, new_tier(capacity=3))
    ada.post(f"/events/{event.id}/reserve")
    reservation = db.reservations.find_one({})
    assert reservation

    answer = ada.post(f"{PATH}/cancel", {"reservation": reservation["_id"]})

    assert answer.headers["Location"] == f"{PATH}?notice=cancelled"
    page = ada.get(answer.headers["Location"])
    assert "Your reservation is cancelled" in page.text
    assert chips(page.text) == ["Cancelled"]
    assert ada.post(f"{PATH}/cancel", {"reservation": reservation["_id"]}).status_code == 303


@pytest.mark.parametrize("reservation", ["", "0" * 32, "\x00", '{"$gt": ""}', "x" * 5000])
def test_unknown_reservation_is_a_page_with_status_404(ada: PageBrowser, reservation: str) -> None:
    answer = ada.post(f"{PATH}/cancel", {"reservation": reservation})

    assert answer.status_code == 404
    assert "<h1>" in answer.text


def test_reservation_of_somebody_else_cannot_be_cancelled(ada: PageBrowser, app: Flask, db: Db) -> None:
    event = store_event(db)
    ada.post(f"/events/{event.id}/reserve")
    reservation = db.reservations.find_one({})
    assert reservation
    eve = PageBrowser(app.test_client())
    eve.sign_up(email="eve@example.org")

    assert eve.post(f"{PATH}/cancel", {"reservation": reservation["_id"]}).status_code == 404
    assert chips(ada.get(PATH).text) == ["Confirmed"]


def test_hours_of_the_verified_address_open_their_page(ada: PageBrowser, api: Api) -> None:
    booking = api.book(api.slots()[0], email=EMAIL).json["booking"]

    page = ada.get(PATH)

    assert booking["reference"] in page.text
    answer = ada.post(f"{PATH}/open", {"booking": booking["id"]})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/bookings/{booking['id']}")
    assert booking["reference"] in ada.get(answer.headers["Location"]).text


def test_hours_of_an_unverified_address_are_not_shown(app: Flask, api: Api) -> None:
    booking = api.book(api.slots()[0], email=EMAIL).json["booking"]
    browser = PageBrowser(app.test_client())
    browser.sign_up()

    page = browser.get(PATH)

    assert booking["reference"] not in page.text
    assert "Verify your e-mail address" in page.text
    assert browser.post(f"{PATH}/open", {"booking": booking["id"]}).status_code == 404


@pytest.mark.parametrize("button", ["cancel", "open"])
def test_address_of_a_button_leads_to_the_page(ada: PageBrowser, button: str) -> None:
    answer = ada.get(f"{PATH}/{button}")

    assert (answer.status_code, answer.headers["Location"]) == (303, PATH)


@pytest.mark.parametrize("button", ["cancel", "open"])
def test_button_pressed_from_another_site_is_refused(ada: PageBrowser, button: str) -> None:
    assert ada.post(f"{PATH}/{button}", {}, **{"Sec-Fetch-Site": "cross-site"}).status_code == 403


def test_page_is_german_where_the_browser_prefers_it(ada: PageBrowser) -> None:
    page = ada.get(PATH, headers={"Accept-Language": "de"})

    assert "Meine Buchungen" in shown(page)
    assert "Sie haben noch keine Veranstaltung reserviert." in shown(page)
