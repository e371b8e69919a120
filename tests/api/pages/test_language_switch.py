"""The language switch."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask

from core.mongo.client import Db
from tests.api.pages.languages import german, press, switch_on, token_of
from tests.api.pages.page_browser import DATE, Browser, fill, shown, value
from tests.api_client import Api

# The switch


def test_the_switch_is_remembered_and_leads_back(app: Flask) -> None:
    visitor = app.test_client()

    answer = visitor.post("/language", data={"language": "de", "next": f"/?date={DATE}"})
    redirect = visitor.get(answer.headers["Location"])
    page = visitor.get(redirect.headers["Location"])

    assert (answer.status_code, redirect.status_code, redirect.headers["Location"]) == (303, 303, f"/?date={DATE}")
    cookie = answer.headers["Set-Cookie"]
    assert all(part in cookie for part in ("language=de", "Max-Age=31536000", "Path=/", "SameSite=Lax", "HttpOnly"))
    assert '<html lang="de">' in page.text
    visitor.post("/language", data={"language": "en"})
    assert '<html lang="en">' in visitor.get("/", headers=german()).text


def test_the_choice_travels_by_https_alone_where_the_site_does(make_app: Callable[..., Flask]) -> None:
    app = make_app(PUBLIC_URL="https://book.example.org")

    assert "Secure" in press(app, language="de").headers["Set-Cookie"]


@pytest.mark.parametrize("back", ["", "//evil.example", "https://evil.example/", "/\\evil.example", "/\r\nX-A: b", "x"])
def test_the_switch_leads_nowhere_else(app: Flask, back: str) -> None:
    visitor = app.test_client()
    answers = [
        visitor.get(visitor.post("/language", data={"language": "de", "next": back}).headers["Location"]),
        visitor.get("/language/done", query_string={"language": "de", "next": back}),
    ]

    assert [(answer.status_code, answer.headers["Location"]) for answer in answers] == [(303, "/")] * 2


@pytest.mark.parametrize("code", ["", "tlh", "DE", "de,en", "../de", "<b>"])
def test_a_language_that_is_not_there_is_refused_and_nothing_is_remembered(app: Flask, code: str) -> None:
    english, deutsch = press(app, language=code), press(app, german(), language=code)

    assert (english.status_code, deutsch.status_code) == (400, 400)
    assert "not there in that language. They are in: English, Deutsch." in shown(english)
    assert "In dieser Sprache gibt es diese Seiten nicht." in shown(deutsch)
    assert "Set-Cookie" not in english.headers


def test_no_link_and_no_other_site_presses_the_switch(app: Flask, browser: Browser) -> None:
    foreign = press(app, {"Sec-Fetch-Site": "cross-site"}, language="de")

    assert (foreign.status_code, "Set-Cookie" in foreign.headers) == (403, False)
    assert browser.get("/language?language=de").status_code == 405


@pytest.mark.parametrize(
    ("path", "back"),
    [
        ("/", "/"),
        ("/?month=2026-03", "/?month=2026-03"),
        ("/nowhere", "/nowhere"),
        ("/nowhere?a=b&c=%C3%A4", "/nowhere?a=b&c=%C3%A4"),
        (f"/bookings/{'0' * 32}", f"/bookings/{'0' * 32}"),
        (f"/waitlist/{'0' * 32}", f"/waitlist/{'0' * 32}"),
        ("/admin?view=slots&date=2026-03-05", "/admin?view=slots&date=2026-03-05"),
    ],
)
def test_the_switch_of_a_page_leads_back_to_it(browser: Browser, path: str, back: str) -> None:
    assert switch_on(browser.get(path, **german()).text) == (back, {"en": False, "de": True})


def test_the_switch_beside_a_form_is_part_of_it_and_stays_at_its_day(browser: Browser, api: Api) -> None:
    form = browser.form(api.slots(DATE)[0], email="")
    pages = [browser.page(), browser.send(form).text, browser.send({**form, "language": "en"}).text]

    found = [re.findall(r'<button form="form" formaction="([^"]*)" formnovalidate name="language"', p) for p in pages]

    assert found == [[f"/?date={DATE}"] * 2] * 3
    assert not any('action="/language"' in page for page in pages)


def test_the_switch_beside_a_form_keeps_what_was_typed_and_is_remembered(browser: Browser, api: Api, db: Db) -> None:
    slot = api.slots(DATE)[0]
    form = browser.form(slot, fullName="A", message="Two of us", language="de")
    del form["action"]

    answer = browser.send(form, after=0)

    assert (answer.status_code, answer.headers["Content-Language"]) == (200, "de")
    assert ('<html lang="de">' in answer.text, 'class="summary"' in answer.text) == (True, False)
    assert [value(answer.text, name) for name in ("fullName", "email", "message")] == ["A", form["email"], "Two of us"]
    assert re.search(rf'value="{slot["_id"]}" required checked', answer.text)
    assert form["form"] in answer.text, "the form keeps its key and its age"
    cookie = answer.headers["Set-Cookie"]
    assert all(part in cookie for part in ("language=de", "Max-Age=31536000", "Path=/", "SameSite=Lax", "HttpOnly"))
    assert db["bookings"].count_documents({}) == 0


def test_a_form_in_a_language_that_is_not_there_is_refused_and_kept(browser: Browser, api: Api) -> None:
    answer = browser.send(browser.form(api.slots(DATE)[0], fullName="A", language="tlh"))

    assert (answer.status_code, "Set-Cookie" in answer.headers) == (400, False)
    assert "not there in that language" in shown(answer)
    assert value(answer.text, "fullName") == "A"


def test_the_switch_of_what_a_button_showed_leads_to_a_page(browser: Browser, api: Api) -> None:
    slots = api.slots(DATE)
    fill(api, slots[0])
    made, waits = api.book(slots[1]).json["booking"], api.wait_for(slots[0]).json["entry"]
    visitor = browser.app.test_client(use_cookies=False)

    holds = {"Cookie": f"token={token_of(made)}"}
    refused = visitor.post(f"/bookings/{made['id']}/reschedule", data={"slotId": slots[0]["_id"]}, headers=holds)
    unopened = visitor.post(f"/waitlist/{waits['id']}/open", data={"token": "wrong"})

    assert switch_on(refused.text)[0] == f"/bookings/{made['id']}"
    assert switch_on(unopened.text)[0] == f"/waitlist/{waits['id']}"
