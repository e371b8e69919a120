"""Two languages over HTTP: who gets which, what says so, what is remembered, and that no page holds another's words."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterator, Mapping
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

import wiring
from core.errors import DomainError
from core.i18n import GERMAN, LANGUAGES
from core.mongo.client import Client, Db
from pages import error_messages
from pages.booking.countries import names
from tests.api.conftest import Clock
from tests.api.page_browser import DATE, Browser, fill, shown, value
from tests.api_client import Api
from tests.factories import contact, person
from tests.pseudo import bracketed, bracketed_form, leftovers, visible

STATIC = Path(__file__).parent.parent.parent / "pages" / "static"
GERMAN_EVENT = "Tage der offenen Tür, März 2026"


@pytest.fixture
def app(make_app: Callable[..., Flask], clock: Clock) -> Flask:
    return make_app(clock=clock, RATE_LIMIT_BOOKINGS="1000 per hour")


@pytest.fixture
def browser(app: Flask, clock: Clock) -> Browser:
    return Browser(app, clock)


def token_of(made: Mapping[str, Any]) -> str:
    return str(made["manageUrl"]).partition("#token=")[2]


def german(**more: str) -> dict[str, str]:
    return {"Accept-Language": "de", **more}


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
def test_a_choice_goes_before_what_the_browser_asks_for_and_that_before_english(
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


def test_programs_are_answered_in_english_whatever_they_ask_for(browser: Browser, api: Api) -> None:
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


# The switch


def press(app: Flask, headers: Mapping[str, str] | None = None, **form: str) -> TestResponse:
    return app.test_client(use_cookies=False).post(
        "/language", data=form, headers={"Accept": "text/html", **(headers or {})}
    )


def test_the_switch_is_remembered_and_leads_back(app: Flask) -> None:
    visitor = app.test_client()

    answer = visitor.post("/language", data={"language": "de", "next": f"/?date={DATE}"})
    page = visitor.get(answer.headers["Location"])

    assert (answer.status_code, answer.headers["Location"]) == (303, f"/?date={DATE}")
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
    answer = press(app, language="de", next=back)

    assert (answer.status_code, answer.headers["Location"]) == (303, "/")


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


def switch_on(page: str) -> tuple[str, dict[str, bool]]:
    """Return where the switch of a page leads back, and its languages with whether they are the present one."""
    form = re.search(
        r'<form class="languages" method="post" action="/language" aria-label="[^"]+">(.*?)</form>', page, re.S
    )
    assert form
    back = re.search(r'name="next" value="([^"]*)"', form[1])
    assert back
    buttons = re.findall(r'<button name="language" value="(\w+)" lang="(\w+)"( aria-current="true")?>(\w+)<', form[1])
    assert [(value, lang, name) for value, lang, _, name in buttons] == [
        ("en", "en", "English"),
        ("de", "de", "Deutsch"),
    ]
    return html.unescape(back[1]), {value: bool(current) for value, _, current, _ in buttons}


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
    assert ('<html lang="de">' in answer.text, "Bitte prüfen" in answer.text) == (True, False)
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


# The language of a booking


def letters(db: Db, template: str) -> list[Mapping[str, Any]]:
    return [row["facts"] for row in db["letters"].find({"template": template}).sort("createdAt")]


def test_a_booking_on_a_german_page_is_written_to_in_german_and_the_organiser_in_english(
    browser: Browser, api: Api, db: Db
) -> None:
    answer = browser.send(browser.form(api.slots(DATE)[0]), headers=german())

    assert answer.status_code == 303
    assert (db["bookings"].find_one() or {})["language"] == "de"
    assert [(fact["language"], fact["event"]) for fact in letters(db, "guest_booking")] == [("de", GERMAN_EVENT)]
    assert [(fact["language"], fact["event"]) for fact in letters(db, "admin_booking")] == [
        ("en", "Open days, March 2026")
    ]


def test_every_later_letter_is_in_the_language_of_the_booking(app: Flask, api: Api, db: Db) -> None:
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


def test_anyone_waits_in_german_gets_the_place_in_german(api: Api, db: Db) -> None:
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


def test_the_language_is_among_what_is_kept_and_is_forgotten_with_the_rest(
    services: wiring.Services, api: Api, db: Db
) -> None:
    form = {**person(email="ada@example.org"), "date": DATE, "slotId": api.slots(DATE)[0]["_id"]}
    made = api.send("POST", "/api/bookings", json=form, headers=german()).json["booking"]
    assert api.held("GET", made, "/data").json["booking"]["language"] == "de"
    assert "language" not in made

    services.booking.erase_person.execute("ada@example.org")

    assert "language" not in (db["bookings"].find_one() or {})


@pytest.mark.parametrize(
    ("headers", "code"), [({}, "de"), ({"Accept-Language": "en"}, "de"), ({"Cookie": "language=en"}, "en")]
)
def test_the_page_behind_a_german_letter_is_german_unless_another_language_was_chosen(
    browser: Browser, api: Api, headers: dict[str, str], code: str
) -> None:
    form = {**person(), "date": DATE, "slotId": api.slots(DATE)[0]["_id"]}
    made = api.send("POST", "/api/bookings", json=form, headers=german()).json["booking"]
    cookie = "; ".join(filter(None, [headers.get("Cookie"), f"token={token_of(made)}"]))

    page = browser.get(f"/bookings/{made['id']}", **{**headers, "Cookie": cookie})

    assert (page.status_code, page.headers["Content-Language"]) == (200, code)
    assert f"<h1>{'Ihre Buchung' if code == 'de' else 'Your booking'}</h1>" in page.text


# No page holds another language's words


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
    said = [GERMAN_EVENT, "Nur die ungeraden Tage im März 2026 können gebucht werden."]
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
    away.view_functions["pages.docs"] = broken
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
    source, _, _ = loader.get_source(app.jinja_env, "no_such_booking.html")
    planted = source.replace("<h1>", '<h1>Planted <b aria-label="Also planted">{{ _("Not planted") }}</b>')
    app.jinja_env.loader = ChoiceLoader([DictLoader({"no_such_booking.html": planted}), loader])

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


@pytest.mark.parametrize(
    "name", ["book.js", "date_navigation.js", "live.js", "self_service.js", "tap_guard.js", "toasts.js", "waiting.js"]
)
def test_no_script_of_a_guests_page_holds_a_sentence(name: str) -> None:
    assert sentences_in((STATIC / name).read_text(encoding="utf-8")) == []


def test_control_a_sentence_in_a_script_is_noticed() -> None:
    script = 'a.textContent = "Closed"; b = `${n} places left`; c = "One moment…"; d = "popstate"; e = "input + label";'

    assert sentences_in(script) == ["Closed", "${n} places left", "One moment…"]


# Sentences for codes


def kinds_of(error: type[DomainError]) -> set[type[DomainError]]:
    return {kind for child in error.__subclasses__() for kind in {child} | kinds_of(child)}


def test_every_code_that_a_guest_can_meet_has_a_sentence() -> None:
    mine = {"booking", "waitlist", "schedules"}
    codes = {kind.code for kind in kinds_of(DomainError) if kind.__module__.partition(".")[0] in mine}

    without = {"booking_not_found", "entry_not_found", "date_not_bookable"}  # a page, and words, of their own
    assert codes - without - error_messages.NOT_SHOWN == codes & error_messages.ERROR_MESSAGES.keys()
    assert error_messages.ERROR_MESSAGES.keys() - codes == {
        "idempotency_key_reused",
        "outcome_unknown",
        "too_many_requests",
        "unavailable",
    }
