"""Pages for frames of other sites: who may frame them, their language, their form without cookies, their links."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from werkzeug.test import TestResponse

import pages.embedding
from core.mongo.client import Db
from core.web import security_headers
from pages.embed import confirmation
from tests.api.conftest import Clock
from tests.api.pages.page_browser import DATE, Browser, fill, shown
from tests.api_client import Api, over_app
from tests.event_calls import new_tier, store_event
from tests.pages.account.page_browser import PageBrowser

FORM = f"/embed?lang=en&date={DATE}"
PARTY_DATE = "2031-06-10"
OUTSIDE = ["/", "/events", "/sign-in", "/find-booking", "/admin", "/api/dates", "/embed/nowhere", "/static/site.css"]


def send(browser: Browser, form: dict[str, str], path: str = "/embed?lang=en", **headers: str) -> TestResponse:
    """Submit the form of a frame as a browser does that blocks the frame's cookies."""
    browser.clock.pass_by(seconds=5)
    client = browser.app.test_client(use_cookies=False)
    sent = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin", **headers}
    return client.post(path, data=form, headers=sent, content_type="multipart/form-data")


def booked(browser: Browser, api: Api) -> TestResponse:
    return send(browser, browser.form(api.slots(DATE)[0], browser.page(FORM)))


def frame_ancestors(answer: TestResponse) -> str:
    found = re.search(r"frame-ancestors ([^;]*)", answer.headers["Content-Security-Policy"])
    assert found
    return found[1]


@pytest.mark.parametrize(
    ("setting", "ancestors"),
    [
        ("", "*"),
        ("*", "*"),
        ("https://www.example.org, http://localhost:8080", "https://www.example.org http://localhost:8080"),
        ("none", "'none'"),
    ],
)
def test_embedded_pages_are_framed_by_the_origins_of_the_setting(
    make_app: Callable[..., Flask], db: Db, setting: str, ancestors: str
) -> None:
    client = make_app(EMBED_ORIGINS=setting).test_client()
    event = store_event(db)

    answers = [client.get(path) for path in ("/embed", FORM, "/embed?date=junk", f"/embed/events/{event.id}")]

    for answer in answers:
        assert frame_ancestors(answer) == ancestors
        assert ("X-Frame-Options" in answer.headers) == (setting == "none")
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", OUTSIDE)
def test_other_pages_are_not_framed_by_anyone(make_app: Callable[..., Flask], path: str) -> None:
    answer = make_app(EMBED_ORIGINS="*").test_client().get(path)

    assert (frame_ancestors(answer), answer.headers["X-Frame-Options"]) == ("'none'", "DENY")
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_control_other_blueprint_of_framed_pages_frames_them(
    make_app: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages.embedding, "BLUEPRINT", "pages.booking")

    assert frame_ancestors(make_app().test_client().get("/")) == "*"


def test_script_can_be_loaded_by_pages_of_other_origins(browser: Browser) -> None:
    answer = browser.get("/widget.js")

    assert (answer.status_code, answer.mimetype) == (200, "text/javascript")
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert security_headers.SECURITY_HEADERS["Cross-Origin-Resource-Policy"] == "same-origin"


def test_frame_books_without_a_cookie(browser: Browser, api: Api, db: Db) -> None:
    answer = booked(browser, api)
    page = browser.get(answer.headers["Location"])

    booking = db["bookings"].find_one() or {}
    assert (answer.status_code, page.status_code) == (303, 200)
    assert "Set-Cookie" not in answer.headers
    assert "Set-Cookie" not in page.headers
    assert answer.headers["Location"].startswith(f"/embed/bookings/{booking['_id']}/done?")
    for text in ("Your place is booked", "Thursday 5 March 2026", booking["reference"]):
        assert text in shown(page)
    for personal in (booking["email"], booking["fullName"], booking["phone"], "token="):
        assert personal not in shown(page)


def test_form_sent_twice_books_once(browser: Browser, api: Api, db: Db) -> None:
    form = browser.form(api.slots(DATE)[0], browser.page(FORM))

    answers = [send(browser, form), send(browser, form)]

    assert [answer.status_code for answer in answers] == [303, 303]
    assert db["bookings"].count_documents({}) == 1


def test_frame_joins_the_waiting_list(browser: Browser, api: Api, db: Db) -> None:
    slot = api.slots(DATE)[0]
    fill(api, slot)
    answer = send(browser, browser.form(slot, browser.page(FORM), action="wait"))
    page = browser.get(answer.headers["Location"])

    assert (answer.status_code, page.status_code, "Set-Cookie" in answer.headers) == (303, 200, False)
    assert "You are on the waiting list" in shown(page)
    assert (db["waitlist"].find_one() or {})["email"] not in shown(page)


def test_refused_form_is_shown_in_the_frame_with_its_input(browser: Browser, api: Api) -> None:
    form = browser.form(api.slots(DATE)[0], browser.page(FORM), email="junk", fullName="Ada Lovelace")

    answer = send(browser, form)

    assert answer.status_code == 400
    assert "Enter your e-mail address" in shown(answer)
    assert 'value="Ada Lovelace"' in answer.text
    assert (frame_ancestors(answer), 'class="is-embedded"' in answer.text) == ("*", True)


def test_form_needs_its_token(browser: Browser, api: Api, db: Db) -> None:
    form = browser.form(api.slots(DATE)[0], browser.page(FORM))

    answer = send(browser, {**form, "form": "forged"})

    assert (answer.status_code, db["bookings"].count_documents({})) == (400, 0)


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_form_posted_by_the_page_around_is_refused(browser: Browser, api: Api, db: Db, site: str) -> None:
    form = browser.form(api.slots(DATE)[0], browser.page(FORM))

    answer = send(browser, form, **{"Sec-Fetch-Site": site})

    assert (answer.status_code, db["bookings"].count_documents({})) == (403, 0)


@pytest.mark.parametrize("change", ["", "x", "é", "0" * 40])
def test_confirmation_needs_its_receipt(browser: Browser, api: Api, change: str) -> None:
    path = booked(browser, api).headers["Location"].partition("?")[0]

    answer = browser.get(f"{path}?lang=de&receipt={change}")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/embed?lang=de")


def test_control_without_the_receipt_anyone_sees_the_confirmation(
    browser: Browser, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = booked(browser, api).headers["Location"].partition("?")[0]
    monkeypatch.setattr(confirmation, "_has_receipt", lambda _: True)

    assert "Your place is booked" in shown(browser.get(path))


def test_confirmation_of_a_cancelled_booking_leads_to_the_form(browser: Browser, api: Api, db: Db) -> None:
    address = booked(browser, api).headers["Location"]
    api.admin("POST", f"/bookings/{(db['bookings'].find_one() or {})['_id']}/cancel")

    assert browser.get(address).headers["Location"] == "/embed?lang=en"


def test_entry_that_no_longer_waits_leads_to_the_form(browser: Browser, api: Api, db: Db) -> None:
    slot = api.slots(DATE)[0]
    fill(api, slot)
    address = send(browser, browser.form(slot, browser.page(FORM), action="wait")).headers["Location"]
    booking = db["bookings"].find_one() or {}

    api.admin("POST", f"/bookings/{booking['_id']}/cancel")

    assert (db["waitlist"].find_one() or {})["state"] == "promoted"
    assert browser.get(address).headers["Location"] == "/embed?lang=en"


def test_confirmations_name_the_number_of_places(
    make_app: Callable[..., Flask], small_schedule: Callable[..., str], clock: Clock
) -> None:
    app = make_app(SCHEDULE_FILE=small_schedule("seats_per_booking = 4"), clock=clock)
    api, browser = Api(over_app(app)), Browser(app, clock)
    slot = api.slots(PARTY_DATE)[0]
    api.admin("PATCH", f"/slots/{slot['_id']}", json={"capacity": 3})
    page = browser.page(f"/embed?lang=en&date={PARTY_DATE}")
    forms = [browser.form(slot, page, date=PARTY_DATE, seats="3") for _ in range(2)]

    answers = [send(browser, forms[0]), send(browser, {**forms[1], "action": "wait"})]

    for answer in answers:
        assert "<dt>Places</dt><dd>3</dd>" in shown(browser.get(answer.headers["Location"]))


@pytest.mark.parametrize(("path", "sets_cookie"), [("/embed?lang=en", False), ("/", True)])
def test_other_language_sets_a_cookie_outside_of_frames_only(
    browser: Browser, api: Api, path: str, sets_cookie: bool
) -> None:
    form = browser.form(api.slots(DATE)[0], browser.page(FORM))

    answer = send(browser, {**form, "language": "de"}, path)

    assert (answer.status_code, "Set-Cookie" in answer.headers) == (200, sets_cookie)
    assert "Platz buchen" in shown(answer)


@pytest.mark.parametrize(
    ("given", "shown_language"),
    [("de", "de"), ("de-AT", "de"), ("DE_ch", "de"), ("en", "en"), ("fr", "de"), ("", "de"), ("<b>", "de")],
)
def test_language_is_that_of_the_address_else_of_the_browser(browser: Browser, given: str, shown_language: str) -> None:
    answer = browser.get(f"/embed?lang={given}", **{"Accept-Language": "de", "Cookie": "language=en"})

    assert f'<html lang="{shown_language}"' in answer.text
    assert answer.headers["Content-Language"] == shown_language


def test_language_is_kept_by_dates_form_and_confirmation(browser: Browser, api: Api) -> None:
    page = browser.page(f"/embed?lang=de&date={DATE}")
    paths = re.findall(r'(?:href|action)="(/embed[^"]*)"', page)
    answer = send(browser, browser.form(api.slots(DATE)[0], page), "/embed?lang=de")

    assert paths
    assert all("lang=de" in html.unescape(path) for path in paths)
    assert "Ihr Platz ist gebucht" in shown(browser.get(answer.headers["Location"]))


def test_embedded_page_has_no_sign_in_and_no_account(app: Flask, db: Db) -> None:
    visitor = PageBrowser(app.test_client())
    visitor.sign_up()
    event = store_event(db)

    answers = [visitor.get(path) for path in ("/embed", FORM, f"/embed/events/{event.id}")]

    assert "Account" in visitor.get("/").text
    for answer in answers:
        assert (answer.status_code, "Set-Cookie" in answer.headers) == (200, False)
        for text in ("Account", "Ada Lovelace", "Sign in", "/sign-out", 'class="languages"'):
            assert text not in answer.text


def test_links_to_other_pages_open_in_a_new_tab(browser: Browser, api: Api, db: Db) -> None:
    event = store_event(db)
    frames = [browser.page("/embed"), browser.page(FORM), browser.page(f"/embed/events/{event.id}")]
    frames.append(shown(browser.get(booked(browser, api).headers["Location"])))

    for page in frames:
        body = page.partition("<body>")[2]
        for link in re.findall(r"<a [^>]*>", body):
            is_own = 'href="/embed' in link or 'href="#' in link
            assert is_own != ('target="_blank"' in link), link


def test_event_shows_tiers_and_leads_to_its_page(browser: Browser, db: Db) -> None:
    event = store_event(db, new_tier("VIP", 10_000, 4), new_tier("GA", 2_500, 100))

    page = shown(browser.get(f"/embed/events/{event.id}?lang=en"))

    for text in (event.title, "Town Hall", "$100.00", "$25.00", "4 of 4 left", "100 of 100 left", "Buy tickets"):
        assert text in page
    assert re.search(rf'href="/events/{event.id}" target="_blank"', page)


def test_event_after_its_sales_offers_no_tickets(browser: Browser, db: Db, clock: Clock) -> None:
    event = store_event(db, date=datetime.now(UTC) + timedelta(days=1))
    clock.pass_by(seconds=3 * 86_400)

    page = shown(browser.get(f"/embed/events/{event.id}?lang=en"))

    assert ("This event is over." in page, "Buy tickets" in page) == (True, False)


@pytest.mark.parametrize("event_id", ["0" * 32, "x", "%00", '{"$gt":""}', "%ED%A0%80", "a" * 300])
def test_unknown_event_is_not_found_in_the_frame(browser: Browser, event_id: str) -> None:
    answer = browser.get(f"/embed/events/{event_id}")

    assert (answer.status_code, 'class="is-embedded"' in answer.text) == (404, True)
    assert "/sign-in" not in answer.text


def test_rate_limited_form_is_refused_in_the_frame(make_app: Callable[..., Flask], clock: Clock, api: Api) -> None:
    limited = Browser(make_app(clock=clock, RATE_LIMIT_BOOKINGS="1 per hour"), clock)
    slots = api.slots(DATE)

    answers = [send(limited, limited.form(slot, limited.page(FORM))) for slot in slots[:2]]

    assert [answer.status_code for answer in answers] == [303, 429]
    assert "Too many attempts" in shown(answers[1])
