"""The language of a booking and of its e-mails."""

from __future__ import annotations

import pytest
from flask import Flask

import wiring
from core.mongo.client import Db
from tests.api.pages.languages import GERMAN_EVENT, german, letters, token_of
from tests.api.pages.page_browser import DATE, Browser
from tests.api_client import Api
from tests.factories import contact, person

# The language of a booking


def test_german_booking_gets_german_guest_and_english_admin_emails(browser: Browser, api: Api, db: Db) -> None:
    answer = browser.send(browser.form(api.slots(DATE)[0]), headers=german())

    assert answer.status_code == 303
    assert (db["bookings"].find_one() or {})["language"] == "de"
    assert [(fact["language"], fact["event"]) for fact in letters(db, "guest_booking")] == [("de", GERMAN_EVENT)]
    assert [(fact["language"], fact["event"]) for fact in letters(db, "admin_booking")] == [
        ("en", "Open days, March 2026")
    ]


def test_every_later_email_is_in_the_language_of_the_booking(app: Flask, api: Api, db: Db) -> None:
    slots = api.slots(DATE)
    form = {**person(), "date": DATE, "slotId": slots[0]["_id"]}
    made = api.send("POST", "/api/bookings", json=form, headers=german()).json["booking"]

    api.held("POST", made, "/reschedule", json={"slotId": slots[1]["_id"]})
    api.admin("POST", f"/bookings/{made['id']}/resend")
    api.held("DELETE", made)

    for template in ("guest_booking", "guest_rescheduled", "guest_cancellation"):
        assert {(fact["language"], fact["event"]) for fact in letters(db, template)} == {("de", GERMAN_EVENT)}
    file = api.held("GET", made, "/calendar.ics").body.decode()
    assert "SUMMARY;LANGUAGE=de:Tage der offenen Tür" in file
    assert "Buchungsnummer" in file


def test_guest_waiting_in_german_is_promoted_in_german(api: Api, db: Db) -> None:
    slot = api.slots(DATE)[0]
    holders = [api.book(slot).json["booking"] for _ in range(4)]
    joined = api.send("POST", f"/api/slots/{slot['_id']}/waitlist", json=contact(), headers=german())
    assert joined.status == 202

    api.held("DELETE", holders[0])

    assert [fact["language"] for fact in letters(db, "guest_promoted")] == ["de"]
    assert (db["bookings"].find_one({"language": "de"}) or {})["status"] == "confirmed"
    assert (db["waitlist"].find_one() or {})["language"] == "de"


def test_a_booking_of_before_there_were_languages_is_english(api: Api, db: Db) -> None:
    made = api.book(api.slots(DATE)[0]).json["booking"]
    db["bookings"].update_one({}, {"$unset": {"language": ""}})

    assert api.held("DELETE", made).status == 200

    assert [fact["language"] for fact in letters(db, "guest_cancellation")] == ["en"]
    assert api.held("GET", made, "/data").json["booking"]["language"] == "en"


def test_the_same_body_is_the_same_request_in_any_language(api: Api, db: Db) -> None:
    form = {**person(), "date": DATE, "slotId": api.slots(DATE)[0]["_id"]}

    first = api.send("POST", "/api/bookings", json=form, headers={"Idempotency-Key": "one"})
    again = api.send("POST", "/api/bookings", json=form, headers=german(**{"Idempotency-Key": "one"}))

    assert (first.status, again.status, again.headers["Idempotency-Replayed"]) == (201, 201, "true")
    assert (db["bookings"].find_one() or {})["language"] == "en"


def test_language_is_exported_and_erased_with_the_booking(services: wiring.Services, api: Api, db: Db) -> None:
    form = {**person(email="ada@example.org"), "date": DATE, "slotId": api.slots(DATE)[0]["_id"]}
    made = api.send("POST", "/api/bookings", json=form, headers=german()).json["booking"]
    assert api.held("GET", made, "/data").json["booking"]["language"] == "de"
    assert "language" not in made

    services.booking.erase_person.execute("ada@example.org")

    assert "language" not in (db["bookings"].find_one() or {})


@pytest.mark.parametrize(
    ("headers", "code"), [({}, "de"), ({"Accept-Language": "en"}, "de"), ({"Cookie": "language=en"}, "en")]
)
def test_page_of_a_german_email_is_german_unless_another_was_chosen(
    browser: Browser, api: Api, headers: dict[str, str], code: str
) -> None:
    form = {**person(), "date": DATE, "slotId": api.slots(DATE)[0]["_id"]}
    made = api.send("POST", "/api/bookings", json=form, headers=german()).json["booking"]
    cookie = "; ".join(filter(None, [headers.get("Cookie"), f"token={token_of(made)}"]))

    page = browser.get(f"/bookings/{made['id']}", **{**headers, "Cookie": cookie})

    assert (page.status_code, page.headers["Content-Language"]) == (200, code)
    assert f"<h1>{'Ihre Buchung' if code == 'de' else 'Your booking'}</h1>" in page.text


# No page holds another language's words
