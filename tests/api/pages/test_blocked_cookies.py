"""Pages in a browser that blocks cookies."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from core.mongo.client import Db
from tests.api.conftest import Clock
from tests.api.pages.page_browser import DATE, Browser, fill, shown
from tests.api_client import Api

BOOKED, JOINED = "Your place is booked", "You are on the waiting list"
COOKIES_NEEDED = "Please allow cookies for this site"


@pytest.fixture(params=["booking", "waiting list"])
def confirmation(request: pytest.FixtureRequest, browser: Browser, api: Api) -> str:
    """The address of the page after a booking, or after joining a waiting list."""
    slot = api.slots(DATE)[0]
    form = browser.form(slot)
    if request.param == "waiting list":
        fill(api, slot)
        form["action"] = "wait"
    return browser.send(form).headers["Location"]


def test_booking_is_confirmed_without_personal_data(browser: Browser, api: Api, db: Db) -> None:
    address = browser.send(browser.form(api.slots(DATE)[0], fullName="Ada Lovelace")).headers["Location"]

    page = browser.get(address)

    booked = db["bookings"].find_one() or {}
    assert (page.status_code, BOOKED in shown(page), "keeps no cookies" in shown(page)) == (200, True, True)
    assert "Set-Cookie" not in page.headers
    for personal in ("Ada", "Lovelace", booked["email"], booked["phone"], booked["reference"], "5 March"):
        assert personal not in shown(page)


def test_waiting_list_is_confirmed_without_personal_data(browser: Browser, api: Api, db: Db) -> None:
    slot = api.slots(DATE)[0]
    fill(api, slot)
    address = browser.send(browser.form(slot, fullName="Ada Lovelace", action="wait")).headers["Location"]

    page = browser.get(address)

    entry = db["waitlist"].find_one() or {}
    assert (page.status_code, JOINED in shown(page), "keeps no cookies" in shown(page)) == (200, True, True)
    for personal in ("Ada", "Lovelace", entry["email"], "5 March"):
        assert personal not in shown(page)


def test_confirmation_is_in_the_language_of_the_browser(browser: Browser, confirmation: str) -> None:
    page = browser.get(confirmation, **{"Accept-Language": "de"})

    assert "Ihr Browser speichert keine Cookies" in shown(page)


def test_confirmation_ends_after_a_quarter_of_an_hour(browser: Browser, clock: Clock, confirmation: str) -> None:
    clock.pass_by(seconds=14 * 60)
    before = browser.get(confirmation)
    clock.pass_by(seconds=2 * 60)
    after = browser.get(confirmation)

    assert (before.status_code, after.status_code) == (200, 303)
    assert after.headers["Location"] == confirmation.rpartition("/")[0]


CHANGES: list[Callable[[str], str]] = [
    lambda address: address.partition("?")[0],
    lambda address: address[:-1],
    lambda address: address[:-1] + ("A" if address[-1] != "A" else "E"),
    lambda address: address.replace("receipt=", "receipt=x"),
    lambda address: address.partition("=")[0] + "=%C3%A9.%F0",
    lambda address: "/".join([*address.split("/")[:2], "0" * 32, address.split("/")[3]]),
]


@pytest.mark.parametrize("change", CHANGES)
def test_confirmation_needs_the_receipt_of_its_own_booking(
    browser: Browser, confirmation: str, change: Callable[[str], str]
) -> None:
    answer = browser.get(change(confirmation))

    assert (answer.status_code, BOOKED in answer.text, JOINED in answer.text) == (303, False, False)


def test_receipt_opens_nothing(browser: Browser, confirmation: str) -> None:
    path, _, receipt = confirmation.partition("?receipt=")
    page_path = path.rpartition("/")[0]

    guesses = [
        browser.app.test_client().post(f"{page_path}/open", data={"token": receipt}),
        browser.get(f"{page_path}%23token={receipt}"),
        browser.get(page_path, Cookie=f"token={receipt}"),
    ]

    assert [guess.status_code for guess in guesses] == [404, 303, 404]


def test_confirmation_with_cookies_leads_to_the_page_itself(browser: Browser, api: Api) -> None:
    visitor = browser.app.test_client()
    form = browser.form(api.slots(DATE)[0])
    browser.clock.pass_by(seconds=5)

    answer = visitor.post("/", data=form)
    clean = visitor.get(answer.headers["Location"])
    page = visitor.get(clean.headers["Location"])

    assert clean.headers["Location"] == answer.headers["Location"].partition("?")[0]
    assert (page.status_code, form["email"] in shown(page)) == (200, True)


@pytest.mark.parametrize("folder", ["bookings", "waitlist"])
def test_link_s_form_says_that_cookies_are_needed(browser: Browser, api: Api, folder: str) -> None:
    slot = api.slots(DATE)[0]
    if folder == "waitlist":
        fill(api, slot)
        record = api.wait_for(slot).json["entry"]
    else:
        record = api.book(slot).json["booking"]
    path = "/" + record["manageUrl"].partition("#")[0].split("/", 3)[3]
    token = record["manageUrl"].partition("#token=")[2]

    answer = browser.app.test_client(use_cookies=False).post(f"{path}/open", data={"token": token})
    page = browser.get(answer.headers["Location"])

    assert (answer.status_code, answer.headers["Location"]) == (303, f"{path}/opened")
    assert (page.status_code, COOKIES_NEEDED in shown(page), "data-token-form" in page.text) == (200, True, True)
    assert "@" not in page.text


@pytest.mark.parametrize("path", ["", "/cancel", "/open"])
def test_form_of_a_link_mentions_cookies_before_it_fails(browser: Browser, path: str) -> None:
    page = browser.app.test_client(use_cookies=False).get(f"/bookings/{'0' * 32}{path}", follow_redirects=True)

    assert "Opening needs a cookie" in shown(page)
    assert COOKIES_NEEDED not in shown(page)


def test_language_switch_says_that_cookies_are_needed(app: Flask) -> None:
    answer = app.test_client(use_cookies=False).post("/language", data={"language": "de", "next": f"/?date={DATE}"})
    page = app.test_client(use_cookies=False).get(answer.headers["Location"])

    assert page.status_code == 200
    assert "Die Sprache wurde nicht gespeichert" in shown(page)
    assert f'href="/?date={DATE}"' in page.text
