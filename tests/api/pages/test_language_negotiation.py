"""Language of a page, and of the API."""

from __future__ import annotations

import re
from typing import Any

import flask_babel
import pytest

from core.i18n import LANGUAGES
from tests.api.pages.languages import GERMAN_EVENT, german
from tests.api.pages.page_browser import DATE, Browser, fill
from tests.api_client import Api
from tests.factories import person
from tests.pseudo import visible

# Who gets which


@pytest.mark.parametrize(
    ("cookie", "asked", "code"),
    [
        ("", "", "en"),
        ("", "de-AT,de;q=0.9,en;q=0.8", "de"),
        ("", "fr", "en"),
        ("language=de", "", "de"),
        ("language=de", "en", "de"),
        ("language=en", "de", "en"),
        ("language=tlh", "de", "de"),
        ("language=", "", "en"),
        ("other=de", "", "en"),
    ],
)
def test_chosen_language_precedes_accept_language_and_english(
    browser: Browser, cookie: str, asked: str, code: str
) -> None:
    headers = {name: value for name, value in {"Cookie": cookie, "Accept-Language": asked}.items() if value}

    answer = browser.get("/", **headers)

    heading = {"en": "<h1>Book a place</h1>", "de": "<h1>Platz buchen</h1>"}[code]
    assert (f'<html lang="{code}">' in answer.text, heading in answer.text) == (True, True)
    assert answer.headers["Content-Language"] == code


@pytest.mark.parametrize("path", ["/", f"/?date={DATE}", "/nowhere", "/?date=junk", f"/bookings/{'0' * 32}", "/admin"])
@pytest.mark.parametrize("code", LANGUAGES)
def test_every_page_says_its_language_and_what_it_was_chosen_by(browser: Browser, path: str, code: str) -> None:
    answer = browser.get(path, **{"Accept-Language": code})

    assert f'<html lang="{code}">' in answer.text
    assert answer.headers["Content-Language"] == code
    assert {"accept-language", "cookie"} <= {part.strip().lower() for part in answer.headers["Vary"].split(",")}
    assert answer.headers["Cache-Control"] == "no-store"
    assert "ETag" not in answer.headers


def test_the_document_for_developers_says_that_it_is_english(browser: Browser) -> None:
    answer = browser.get("/api/docs", **german(Cookie="language=de"))

    assert (answer.headers["Content-Language"], '<html lang="en">' in answer.text) == ("en", True)


def test_dates_numbers_and_places_are_german_on_a_german_page(browser: Browser, api: Api) -> None:
    slots = api.slots(DATE)
    fill(api, slots[0])
    for _ in range(3):
        api.book(slots[1])

    page = re.sub(r"\s+", " ", visible(browser.get(f"/?date={DATE}", **german()).text))

    for said in ("März 2026", "Montag", "Donnerstag, 5. März", "10:00 bis 11:00 Uhr", "1 Platz frei", "4 Plätze frei"):
        assert said in page
    assert "Voll: Warteliste" in page
    assert page.index("Afghanistan") < page.index("Ägypten") < page.index("Albanien")


def test_a_schedule_speaks_for_itself(browser: Browser, api: Api) -> None:
    refused = browser.get("/?date=junk", **german())

    assert (refused.status_code, GERMAN_EVENT in refused.text) == (400, True)
    assert "Nur die ungeraden Tage im März 2026 können gebucht werden." in refused.text


def test_api_answers_in_english_for_every_accept_language(browser: Browser, api: Api) -> None:
    slot = api.slots(DATE)[0]
    fill(api, slot)
    form = {**person(), "date": DATE, "slotId": slot["_id"]}

    full = api.send("POST", "/api/bookings", json=form, headers=german())
    wrong = api.send("POST", "/api/bookings", json={**form, "email": "ada@"}, headers=german())

    assert (full.json["message"], wrong.json["errors"]["email"]) == ("Slot is full.", ["Not a valid e-mail address."])
    assert "Content-Language" not in full.headers


def test_programs_pay_nothing_for_the_languages_of_the_pages(
    browser: Browser, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: Any) -> Any:
        raise AssertionError("a program's request asked for a page's language")

    monkeypatch.setattr(flask_babel, "get_locale", never)
    monkeypatch.setattr(flask_babel.Domain, "get_translations", never)
    slot = api.slots(DATE)[0]
    form = {**person(), "date": DATE, "slotId": slot["_id"]}

    answers = [api.send("POST", "/api/bookings", json=form, headers=german()) for _ in range(2)]

    assert [answer.status for answer in answers] == [201, 409]
    with pytest.raises(AssertionError, match="asked for a page's language"):  # control: a page does ask
        browser.get("/", **german())
