"""Copied text in the booking form: invisible characters are removed, and a web address in a name is explained."""

from __future__ import annotations

from typing import Any

import pytest

from core.mongo.client import Db
from tests.api.pages.page_browser import DATE, Browser, wrong
from tests.api_client import Api

FIELDS = ("fullName", "email", "country", "phone", "city", "message", "slotId")


@pytest.mark.parametrize("character", ["\u200b", "\u202a", "\u2069", "\ufeff", "\u00ad", "\t", "\u200d"])
def test_form_with_invisible_characters_books_without_them(browser: Browser, api: Api, db: Db, character: str) -> None:
    form = browser.form(api.slots(DATE)[0], city="Berlin", message="Two of us")
    copied = {name: f"{character}{form[name]}{character}" for name in FIELDS}

    answer = browser.send({**form, **copied})

    assert answer.status_code == 303
    booking: dict[str, Any] = db["bookings"].find_one() or {}
    assert [booking[name] for name in FIELDS] == [form[name] for name in FIELDS]


def test_phone_number_with_embeddings_and_blanks_is_parsed(browser: Browser, api: Api, db: Db) -> None:
    form = browser.form(api.slots(DATE)[0], country="DE", phone="\u202a+49\u00a01512\u200b 3456789\u202c")

    assert browser.send(form).status_code == 303
    assert (db["bookings"].find_one() or {})["phone"] == "+4915123456789"


@pytest.mark.parametrize(
    ("language", "message"),
    [
        ("en", "A name cannot have a web address; write a blank after each dot of a name."),
        ("de", "Ein Name darf keine Webadresse enthalten; schreiben Sie nach jedem Punkt im Namen ein Leerzeichen."),
    ],
)
def test_name_with_a_web_address_is_explained(browser: Browser, api: Api, language: str, message: str) -> None:
    form = browser.form(api.slots(DATE)[0], fullName="www.evil.example/pay")

    answer = browser.send(form, headers={"Accept-Language": language})

    assert answer.status_code == 400
    assert wrong(answer.text, "fullName") == message


@pytest.mark.parametrize("control", ["\x00", "\r\n"])
def test_name_with_a_control_character_is_refused(browser: Browser, api: Api, control: str) -> None:
    answer = browser.send(browser.form(api.slots(DATE)[0], fullName=f"Ada{control}Lovelace"))

    assert answer.status_code == 400
    assert wrong(answer.text, "fullName") == "Control characters are not allowed."
