"""No page contains a text outside the catalogue."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import flask_babel
import pytest
from flask import Flask
from jinja2 import ChoiceLoader, DictLoader
from pymongo import MongoClient
from werkzeug.test import Client as Visitor
from werkzeug.test import TestResponse

from core.errors import DomainError
from core.i18n import GERMAN
from core.mongo.client import Client
from pages import error_messages
from pages.booking.countries import names
from tests.api.conftest import Clock
from tests.api.pages.languages import GERMAN_EVENT, token_of
from tests.api.pages.page_browser import DATE, Browser, fill, shown
from tests.api_client import Api
from tests.factories import contact
from tests.pseudo import bracketed, bracketed_form, leftovers, visible

PAGES = Path(__file__).parent.parent.parent.parent / "pages"
SCRIPTS = sorted(script for script in PAGES.rglob("static/*.js") if script.name != "docs.js")


@dataclass
class Reader:
    """Reads pages in a language that brackets every sentence, and keeps what stands outside of the brackets."""

    visitor: Visitor
    known: list[str]

    def read(self, answer: TestResponse, status: int) -> list[str]:
        assert answer.status_code == status, shown(answer)
        assert answer.mimetype == "text/html"
        texts = [visible(answer.text)]
        for name, quoted in re.findall(r' (aria-label|title|placeholder|alt|data-messages)="([^"]*)"', answer.text):
            said = html.unescape(quoted)
            texts += every_text(json.loads(said)) if name == "data-messages" else [said]
        return [left for text in texts for left in leftovers(text, self.known)]


def every_text(words: Any) -> list[str]:
    return [words] if isinstance(words, str) else [text for each in words.values() for text in every_text(each)]


@pytest.fixture
def reader(app: Flask, api: Api, monkeypatch: pytest.MonkeyPatch) -> Reader:
    class Pseudo:
        ugettext = staticmethod(bracketed)
        ungettext = staticmethod(bracketed_form)
        upgettext = staticmethod(lambda _, message: bracketed(message))

    monkeypatch.setattr(flask_babel.Domain, "get_translations", lambda _: Pseudo)
    visitor = app.test_client()
    visitor.set_cookie("language", "de")
    visitor.environ_base["HTTP_ACCEPT"] = "text/html"
    hours = {
        re.sub("(.*)-(.*)", r"\1 bis \2 Uhr", slot["label"])
        for day in ("2026-03-05", "2026-03-03")
        for slot in api.slots(day)
    }
    months = ["März 2026", "März", *GERMAN.weekdays, *(f"{weekday[:2]}" for weekday in GERMAN.weekdays)]
    said = [GERMAN_EVENT, "Google", "Outlook", "Nur die ungeraden Tage im März 2026 können gebucht werden."]
    return Reader(
        visitor,
        [
            *hours,
            *months,
            *said,
            *names(GERMAN).values(),
            "Europe/Berlin",
            "English",
            "Deutsch",
            "Ada Lovelace",
            "ada@example.org",
        ],
    )


def test_no_word_of_the_booking_page_is_outside_the_catalogue(browser: Browser, api: Api, reader: Reader) -> None:
    slots = api.slots(DATE)
    fill(api, slots[0])
    api.admin("PATCH", f"/slots/{slots[2]['_id']}", json={"closed": True})
    details = {"fullName": "Ada Lovelace", "email": "ada@example.org", "message": "", "city": ""}
    forms = [
        (400, {"fullName": "A", "email": "", "phone": "12", "city": "1" * 81, "message": "1" * 1201}),
        (400, {"phone": "", "country": ""}),
        (400, {"phone": "12", "country": ""}),
        (400, {"phone": "+33612345678", "country": "DE"}),
        (400, {"message": "a\x00b"}),
        (400, {"website": "spam"}),
        (400, {"form": "stale"}),
        (409, {"slotId": slots[0]["_id"]}),
        (409, {"slotId": slots[2]["_id"]}),
        (409, {"slotId": slots[1]["_id"], "action": "wait"}),
        (404, {"slotId": "", "action": "wait"}),
    ]

    found = {path: reader.read(reader.visitor.get(path), 200) for path in ("/", f"/?date={DATE}")}
    found["junk"] = reader.read(reader.visitor.get("/?date=junk"), 400)
    for status, changes in forms:
        form = {**browser.form(slots[1]), **details, **changes}
        browser.clock.pass_by(seconds=5)
        found[str(changes)] = reader.read(reader.visitor.post("/", data=form), status)

    assert {path: left for path, left in found.items() if left} == {}


def test_no_word_of_the_other_pages_is_outside_the_catalogue(browser: Browser, api: Api, reader: Reader) -> None:
    slots, visitor = api.slots(DATE), reader.visitor
    fill(api, slots[0])
    who = {"fullName": "Ada Lovelace", "email": "ada@example.org"}
    made = api.book(slots[1], **who).json["booking"]
    waits = [api.wait_for(slots[0], **{**contact(), **who, "email": f"{n}ada@example.org"}).json["entry"] for n in "12"]
    reader.known += [made["reference"], "1ada@example.org", "2ada@example.org"]
    booking, entry = f"/bookings/{made['id']}", f"/waitlist/{waits[0]['id']}"
    elsewhere = {"slotId": slots[2]["_id"]}

    found = {
        "door": reader.read(visitor.get(booking), 200),
        "waiting door": reader.read(visitor.get(entry), 200),
        "no such booking": reader.read(visitor.post(f"{booking}/open", data={"token": "x"}), 404),
        "not found": reader.read(visitor.get("/nowhere"), 404),
        "not so": reader.read(visitor.get("/language"), 405),
        "too much": reader.read(visitor.post("/", data={"message": "x" * 40_000}), 413),
        "foreign": reader.read(visitor.post(f"{booking}/cancel", headers={"Sec-Fetch-Site": "cross-site"}), 403),
        "language": reader.read(visitor.post("/language", data={"language": "tlh"}), 400),
    }
    for path, thing in ((booking, made), (entry, waits[0])):
        assert visitor.post(f"{path}/open", data={"token": token_of(thing)}).status_code == 303
    found |= {
        "booking": reader.read(visitor.get(booking), 200),
        "done": reader.read(visitor.get(f"{booking}/done"), 200),
        "not moved": reader.read(visitor.post(f"{booking}/reschedule", data={"slotId": slots[0]["_id"]}), 409),
        "moved nowhere": reader.read(visitor.post(f"{booking}/reschedule", data={}), 409),
        "moved": reader.read(visitor.post(f"{booking}/reschedule", data=elsewhere, follow_redirects=True), 200),
        "cancelled": reader.read(visitor.post(f"{booking}/cancel", follow_redirects=True), 200),
        "waiting": reader.read(visitor.get(entry), 200),
        "left": reader.read(visitor.post(f"{entry}/leave", follow_redirects=True), 200),
    }
    promoted = f"/waitlist/{waits[1]['id']}"
    visitor.post(f"{promoted}/open", data={"token": token_of(waits[1])})
    api.admin("PATCH", f"/slots/{slots[0]['_id']}", json={"capacity": 5})
    reader.known += [one["reference"] for one in api.admin("GET", "/bookings").json["items"]]
    found["promoted"] = reader.read(visitor.get(promoted), 200)

    assert {page: left for page, left in found.items() if left} == {}


def test_no_word_of_the_back_office_is_outside_the_catalogue(reader: Reader) -> None:
    answer = reader.visitor.get("/admin")
    (known,) = re.findall(r'<script type="application/json" id="page-data">(.*?)</script>', answer.text)
    words = every_text(json.loads(known)["messages"])

    assert reader.read(answer, 200) == []
    assert len(words) > 140
    assert [left for word in words for left in leftovers(word)] == []


@pytest.fixture
def away(make_app: Callable[..., Flask], clock: Clock) -> Iterator[Flask]:
    """The pages of a service whose database has gone away."""
    address = "mongodb://127.0.0.1:1/?replicaSet=rs0"
    client: Client = MongoClient[dict[str, Any]](address, tz_aware=True, serverSelectionTimeoutMS=100)
    yield make_app(clock=clock, client=client, RATE_LIMIT_DEFAULT="4 per hour")
    client.close()


def test_no_word_of_what_goes_wrong_is_outside_the_catalogue(away: Flask, api: Api, reader: Reader) -> None:
    reader.visitor = away.test_client()
    reader.visitor.set_cookie("language", "de")
    made = api.book(api.slots(DATE)[0]).json["booking"]
    away.view_functions["pages.api_docs.docs"] = broken
    reader.known += [request_id := "0123456789abcdef"]
    headers = {"X-Request-ID": request_id, "Accept": "text/html"}

    found = {
        "without places": reader.read(reader.visitor.get(f"/?date={DATE}", headers=headers), 503),
        "away": reader.read(
            reader.visitor.post(f"/bookings/{made['id']}/open", data={"token": token_of(made)}, headers=headers), 503
        ),
        "broken": reader.read(reader.visitor.get("/api/docs", headers=headers), 500),
    }
    reader.visitor.get("/bookings/x")
    found["too fast"] = reader.read(reader.visitor.get("/bookings/x", headers=headers), 429)

    assert {page: left for page, left in found.items() if left} == {}


def broken() -> str:
    raise RuntimeError("secret")


def test_control_a_word_outside_the_catalogue_is_noticed(app: Flask, reader: Reader) -> None:
    loader = app.jinja_env.loader
    assert loader
    source, _, _ = loader.get_source(app.jinja_env, "self_service/not_found.html")
    planted = source.replace("<h1>", '<h1>Planted <b aria-label="Also planted">{{ _("Not planted") }}</b>')
    app.jinja_env.loader = ChoiceLoader([DictLoader({"self_service/not_found.html": planted}), loader])

    found = reader.read(reader.visitor.post("/bookings/0/open", data={"token": "x"}), 404)

    assert found == ["Planted", "Also planted"]


# Scripts


# What scripts say to themselves and to the browser: code, not words for people.
CODE = {"Escape", "slot slot-${level}", "day day-${levelOf(remaining, capacity)}", ".day-left b"}


def sentences_in(script: str) -> list[str]:
    """Return the literals of a script that read like something said to people."""
    bare = re.sub(r"^\s*//.*$", "", script, flags=re.MULTILINE)
    found = [a or b for a, b in re.findall(r'"((?:[^"\\\n])*)"|`([^`]*)`', bare)]
    plain = [(literal, re.sub(r"\$\{[^}]*\}", "1", literal)) for literal in found]
    said = re.compile(r"^[A-Z][a-z]+( [a-z]+|…|\.)*$|\b[a-z]+ [a-z]+ ?[a-z]*\b(?![^\[]*\])")
    return [literal for literal, text in plain if said.search(text) and literal not in CODE and literal != "Accept"]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_script_of_a_guest_page_contains_no_text(script: Path) -> None:
    assert sentences_in(script.read_text(encoding="utf-8")) == []


def test_control_a_sentence_in_a_script_is_noticed() -> None:
    script = 'a.textContent = "Closed"; b = `${n} places left`; c = "One moment…"; d = "popstate"; e = "input + label";'

    assert sentences_in(script) == ["Closed", "${n} places left", "One moment…"]


# Sentences for codes


def kinds_of(error: type[DomainError]) -> set[type[DomainError]]:
    return {kind for child in error.__subclasses__() for kind in {child} | kinds_of(child)}


def test_every_error_code_of_guest_pages_has_a_message() -> None:
    mine = {"accounts", "booking", "waitlist", "schedules"}
    codes = {kind.code for kind in kinds_of(DomainError) if kind.__module__.partition(".")[0] in mine}

    without = {"booking_not_found", "entry_not_found", "date_not_bookable"}  # a page, and words, of their own
    assert (
        codes - without - error_messages.NOT_SHOWN - error_messages.API_ONLY
        == codes & error_messages.ERROR_MESSAGES.keys()
    )
    assert error_messages.ERROR_MESSAGES.keys() - codes == {
        "idempotency_key_reused",
        "cookie_blocked",
        "too_many_requests",
    }
