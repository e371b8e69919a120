"""The booking page over HTTP, without scripts: what is asked, what is refused and kept, and that it books once."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import phonenumbers
import pytest
from flask import Flask
from pymongo import MongoClient

from core.mongo.client import Client, Db
from core.web.security_headers import SECURITY_HEADERS
from pages.booking import view
from pages.booking.countries import countries, names
from schedules.model import DateSummary
from tests.api.conftest import Clock
from tests.api.page_browser import DATE, ODD, Browser, fill, shown, value, wrong
from tests.api_client import Api, over_app


@pytest.fixture
def app(make_app: Callable[..., Flask], clock: Clock) -> Flask:
    return make_app(clock=clock)


@pytest.fixture
def browser(app: Flask, clock: Clock) -> Browser:
    return Browser(app, clock)


# What is shown


def test_the_month_shows_every_bookable_date_with_its_places(browser: Browser, api: Api) -> None:
    fill(api, api.slots("2026-03-03")[0])

    page = browser.page("/")

    assert re.findall(r'data-day="(2026-[^"]+)"', page) == ODD
    assert [word[:2] for word in re.findall(r'<span class="visually-hidden">(\w+day)</span></th>', page)] == [
        "Mo", "Tu", "We", "Th", "Fr", "Sa", "Su",
    ]  # fmt: skip
    tuesday = page[page.index('data-day="2026-03-03"') :][:400]
    assert "Tuesday 3 March" in tuesday and "<b>28</b>" in tuesday


def test_a_date_shows_its_slots_as_controls_with_their_state_in_words(browser: Browser, api: Api) -> None:
    slots = api.slots(DATE)
    fill(api, slots[0])
    api.book(slots[1])
    api.admin("PATCH", f"/slots/{slots[2]['_id']}", json={"closed": True})

    seen = re.sub(r'<span aria-hidden="true">[^<]*</span>|<[^>]+>', "", browser.page())
    page = re.sub(r"\s+", " ", seen)

    assert page.count("Thursday 5 March, 1") == 9
    assert "Thursday 5 March, 10:00 to 11:00, Full: waiting list" in page
    assert "Thursday 5 March, 11:00 to 12:00, 3 places left" in page
    assert "Thursday 5 March, 12:00 to 13:00, Closed" in page
    assert len(re.findall(r'type="radio"[^>]* disabled', browser.page())) == 1


def day(date: str, remaining: int, seats: int = 36) -> DateSummary:
    return DateSummary(date, "A", seats, remaining)


def test_a_schedule_of_more_months_shows_the_one_that_is_asked_for() -> None:
    days = [day("2030-01-30", 0), day("2030-02-11", 12), day("2030-02-12", 13)]

    first, asked = view.build(days, [], "", ""), view.build(days, [], "", "2030-01")
    chosen, unknown = view.build(days, [], "2030-01-30", "2030-99"), view.build(days, [], "", "junk")

    assert first.months == [("2030-01", "January 2030"), ("2030-02", "February 2030")]
    assert [shown.month.name for shown in (first, asked, chosen, unknown)] == [
        "February 2030", "January 2030", "January 2030", "February 2030",
    ]  # fmt: skip
    cells = [cell for week in first.month.weeks for cell in week if cell and cell.offered]
    assert [(cell.number, cell.level, cell.percent) for cell in cells] == [(11, "few", 66), (12, "free", 63)]
    assert len(first.month.weeks[0]) == 7


def test_the_bar_of_a_day_counts_no_closed_hour_as_taken(browser: Browser, api: Api) -> None:
    slots = api.slots(DATE)
    fill(api, slots[0])

    def bar() -> str:
        day = browser.page("/").partition(f'data-day="{DATE}"')[2]
        found = re.search(r'class="day-taken" width="(\d+)"', day)
        assert found
        return found[1]

    before = bar()
    for slot in slots[4:]:
        api.admin("PATCH", f"/slots/{slot['_id']}", json={"closed": True})

    assert (before, bar()) == ("11", "25"), "four of 36 places, then four of the 16 that are open"
    for slot in slots[:4]:
        api.admin("PATCH", f"/slots/{slot['_id']}", json={"closed": True})
    assert bar() == "0"


@pytest.mark.parametrize("date", ["2026-03-04", "2026-3-5", "junk", "2027-03-05", "%00", "<script>"])
def test_a_date_that_is_not_on_the_schedule_shows_the_month_and_says_so(browser: Browser, date: str) -> None:
    answer = browser.get(f"/?date={date}")

    assert (answer.status_code, "Only odd dates in March 2026 are allowed." in shown(answer)) == (400, True)
    assert "How it works" in answer.text
    assert "<script>" not in answer.text


def test_pages_hold_no_inline_script_or_style_and_name_no_other_host(browser: Browser) -> None:
    page = browser.page()

    assert re.findall(r"<script(?![^>]* src=)|<style| style=| on\w+=", page) == []
    assert [
        link for link in re.findall(r'(?:src|href|action)="([^"]+)"', page) if not link.startswith(("/", "#"))
    ] == []
    assert browser.get("/").headers["Content-Security-Policy"] == SECURITY_HEADERS["Content-Security-Policy"]


# Countries and phones


def test_every_country_of_the_numbering_plans_has_a_name() -> None:
    assert set(names()) == phonenumbers.SUPPORTED_REGIONS
    assert [c.name for c in countries()][:3] == ["Afghanistan", "Åland Islands", "Albania"]
    assert {c.calling for c in countries() if c.code in ("US", "CA")} == {"+1"}


@pytest.mark.parametrize(
    ("typed", "country", "phone"),
    [
        ("030 123456", "DE", "+4930123456"),
        ("+49 30 123456", "DE", "+4930123456"),
        ("0049 (30) 12-34-56", "DE", "+4930123456"),
        ("(415) 555-0123", "US", "+14155550123"),
        ("06 12 34 56 78", "FR", "+33612345678"),
        ("٠٣٠١٢٣٤٥٦", "DE", "+4930123456"),
        ("+49 30 123456", "", "+4930123456"),
    ],
)
def test_a_number_may_be_written_as_at_home_or_internationally(
    browser: Browser, api: Api, db: Db, typed: str, country: str, phone: str
) -> None:
    answer = browser.send(browser.form(api.slots(DATE)[0], phone=typed, country=country))

    assert answer.status_code == 303, shown(answer)
    booked = db["bookings"].find_one() or {}
    assert (booked["phone"], booked["country"]) == (phone, country or "DE")


# Booking


def test_a_good_form_books_and_leads_to_a_page_that_says_so(browser: Browser, api: Api, db: Db) -> None:
    slot = api.slots(DATE)[0]
    client = browser.app.test_client()
    form = browser.form(slot, fullName="Ada <b>Lovelace", message="Zwei\r\nLeute")

    browser.clock.pass_by(seconds=3)
    answer = client.post("/", data=form)
    page = client.get(answer.headers["Location"])

    booked = db["bookings"].find_one() or {}
    path = f"/bookings/{booked['_id']}"
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{path}/done")
    cookie = answer.headers["Set-Cookie"]
    assert all(part in cookie for part in ("HttpOnly", "SameSite=Strict", f"Path={path}"))
    text = shown(page)
    assert page.status_code == 200
    for fact in (
        "Thursday 5 March 2026",
        "10:00 to 11:00",
        booked["reference"],
        booked["email"],
        f"{path}/calendar.ics",
    ):
        assert fact in text
    assert "<b>Lovelace" not in page.text
    assert client.get(f"{path}/calendar.ics").data.startswith(b"BEGIN:VCALENDAR")
    assert (booked["message"], db["letters"].count_documents({})) == ("Zwei\nLeute", 2)


def test_no_token_stands_in_any_address_or_page(browser: Browser, api: Api) -> None:
    client = browser.app.test_client()
    form = browser.form(api.slots(DATE)[0])
    browser.clock.pass_by(seconds=3)
    answer = client.post("/", data=form)
    token = answer.headers["Set-Cookie"].partition("token=")[2].partition(";")[0]

    path = answer.headers["Location"].removesuffix("/done")
    seen = [answer.headers["Location"], answer.text, *(client.get(p).text for p in (path, f"{path}/done"))]

    assert len(token) > 20
    assert not any(token in text for text in seen)


def test_the_confirmation_is_for_the_browser_that_booked_alone(browser: Browser, api: Api) -> None:
    path = browser.send(browser.form(api.slots(DATE)[0])).headers["Location"]

    stranger = browser.get(path)
    guesser = browser.get(path, Cookie="token=wrong")

    assert (stranger.status_code, stranger.headers["Location"]) == (303, path.removesuffix("/done"))
    assert guesser.status_code == 404


def test_a_form_sent_twice_books_once(browser: Browser, api: Api, db: Db) -> None:
    form = browser.form(api.slots(DATE)[0])

    first, second = browser.send(form), browser.send(form)

    assert (first.status_code, second.status_code) == (303, 303)
    assert first.headers["Location"] == second.headers["Location"]
    assert db["bookings"].count_documents({}) == 1


def test_control_two_forms_of_one_guest_are_two_pendings(browser: Browser, api: Api) -> None:
    form = browser.form(api.slots(DATE)[0])
    browser.send(form)

    again = browser.send({**browser.form(None), **{k: v for k, v in form.items() if k != "form"}})

    assert (again.status_code, "You have booked this hour already" in shown(again)) == (409, True)


def test_a_form_that_has_booked_and_was_changed_says_so_and_may_go_again(browser: Browser, api: Api) -> None:
    slots = api.slots(DATE)
    form = browser.form(slots[0])
    browser.send(form)

    refused = browser.send({**form, "slotId": slots[1]["_id"]})
    renewed = browser.send(browser.form(slots[1], refused.text))

    assert (refused.status_code, "has booked a place already" in shown(refused)) == (422, True)
    assert renewed.status_code == 303


# Refusals


TYPED = {
    "fullName": "A",
    "email": "ada@",
    "phone": "12",
    "country": "DE",
    "city": 'Bonn & "Köln"',
    "message": "<b>Line one\nline two",
}


def test_every_wrong_field_is_recorded_beside_it_and_above_and_all_is_kept(browser: Browser, db: Db) -> None:
    answer = browser.send(browser.form(None, **TYPED))

    assert answer.status_code == 400
    assert wrong(answer.text, "slotId") == "Choose an hour."
    assert wrong(answer.text, "fullName").startswith("Enter your full name")
    assert wrong(answer.text, "email").startswith("Enter your e-mail address")
    assert wrong(answer.text, "phone") == "Enter a valid phone number of Germany, such as 01512 3456789."
    assert (wrong(answer.text, "city"), wrong(answer.text, "message")) == ("", "")
    above = answer.text[answer.text.index('id="summary"') :].partition("</ul>")[0]
    assert 'role="alert" tabindex="-1" autofocus' in above
    assert re.findall(r'href="#(\w+)"', above) == ["hours", "fullName", "email", "phone"]
    assert {name: value(answer.text, name) for name in TYPED if name != "country"} == {
        name: typed for name, typed in TYPED.items() if name != "country"
    }
    assert '<option value="DE" selected>' in answer.text
    assert "<b>Line" not in answer.text
    assert db["bookings"].count_documents({}) == 0


def test_an_empty_form_is_asked_for_what_is_needed_and_no_more(browser: Browser, api: Api) -> None:
    nothing = dict.fromkeys(("fullName", "email", "phone", "country", "city", "message"), "")

    page = browser.send(browser.form(api.slots(DATE)[3], **nothing)).text

    asked = {name: wrong(page, name) for name in ("slotId", *nothing) if wrong(page, name)}
    assert set(asked) == {"fullName", "email", "phone", "country"}
    assert f'value="{api.slots(DATE)[3]["_id"]}" required checked' in page


def test_a_number_of_another_country_is_recorded_beside_the_country(browser: Browser, api: Api) -> None:
    page = browser.send(browser.form(api.slots(DATE)[0], phone="+33612345678", country="DE")).text

    assert wrong(page, "country").startswith("This phone number is not from Germany.")
    assert value(page, "phone") == "+33612345678"


def test_the_longest_message_in_any_script_fits(browser: Browser, api: Api, db: Db) -> None:
    answer = browser.send(browser.form(api.slots(DATE)[0], message="🎉" * 1200))

    assert answer.status_code == 303
    assert (db["bookings"].find_one() or {})["message"] == "🎉" * 1200


def test_what_fills_in_the_hidden_field_is_refused_and_may_try_again(browser: Browser, api: Api, db: Db) -> None:
    form = browser.form(api.slots(DATE)[0], website="https://spam.example")

    refused = browser.send(form)

    assert (refused.status_code, "everything you typed is still here" in shown(refused)) == (400, True)
    assert value(refused.text, "email") == form["email"]
    assert "spam.example" not in refused.text
    assert db["bookings"].count_documents({}) == 0
    assert browser.send({**browser.form(None, refused.text), **form, "website": ""}).status_code == 303


def test_a_form_that_comes_at_once_is_refused_and_the_same_one_later_is_taken(browser: Browser, api: Api) -> None:
    form = browser.form(api.slots(DATE)[0])

    too_fast, calm = browser.send(form, after=1.9), browser.send(form, after=0.2)

    assert (too_fast.status_code, calm.status_code) == (400, 303)
    assert value(too_fast.text, "fullName") == form["fullName"]


@pytest.mark.parametrize(
    "spoil", [lambda s: "", lambda s: s[:-1], lambda s: "1" + s, lambda s: "é.x", lambda s: "a.b.c"]
)
def test_a_form_token_that_is_not_ours_opens_nothing_and_is_renewed(
    browser: Browser, api: Api, db: Db, spoil: Callable[[str], str]
) -> None:
    form = browser.form(api.slots(DATE)[0])

    refused = browser.send({**form, "form": spoil(form["form"])})

    assert (refused.status_code, "open for very long" in shown(refused)) == (400, True)
    assert browser.send({**form, "form": browser.form(None, refused.text)["form"]}).status_code == 303


def test_a_form_of_yesterday_is_asked_for_once_more(browser: Browser, api: Api) -> None:
    form = browser.form(api.slots(DATE)[0])

    assert browser.send(form, after=13 * 3600).status_code == 400


# A full slot


def test_a_full_slot_offers_the_nearest_hours_and_the_waiting_list(browser: Browser, api: Api, db: Db) -> None:
    slots = api.slots(DATE)
    fill(api, slots[0])
    form = browser.form(slots[0], email="ada@example.org")

    refused = browser.send(form)
    instead = re.findall(r'id="alternative-(\w+)"', refused.text)

    assert (refused.status_code, "10:00 to 11:00 on Thursday 5 March is full." in shown(refused)) == (409, True)
    assert instead == [slot["_id"] for slot in slots[1:4]]
    assert 'class="submit-actions submit-actions-both"' in refused.text
    assert browser.send({**form, "slotId": instead[0]}).status_code == 303
    client = browser.app.test_client()
    joined = client.post("/", data={**form, "action": "wait"})
    entry = db["waitlist"].find_one() or {}
    assert (joined.status_code, joined.headers["Location"]) == (303, f"/waitlist/{entry['_id']}")
    assert "number 1 on the waiting list" in client.get(joined.headers["Location"]).text


def test_joining_asks_for_the_same_details_and_says_when_there_is_no_need(browser: Browser, api: Api, db: Db) -> None:
    slots = api.slots(DATE)
    fill(api, slots[0])

    empty = browser.send(browser.form(slots[0], action="wait", email=""))
    nowhere = browser.send(browser.form(None, action="wait"))
    free = browser.send(browser.form(slots[1], action="wait"))
    waiting = browser.form(slots[0], action="wait")
    twice = [browser.send(waiting), browser.send(waiting)]
    another = browser.send({**waiting, "form": browser.form(None)["form"]})

    assert (empty.status_code, wrong(empty.text, "email") != "") == (400, True)
    assert (nowhere.status_code, wrong(nowhere.text, "slotId")) == (404, "Choose an hour.")
    assert (free.status_code, "has just come free" in shown(free)) == (409, True)
    assert [(answer.status_code, answer.headers["Location"]) for answer in twice] == [
        (303, f"/waitlist/{entry['_id']}") for entry in db["waitlist"].find()
    ] * 2
    assert (another.status_code, "waiting list already" in shown(another)) == (409, True)


def test_a_form_that_waits_leads_to_its_entry_whatever_has_become_of_it(browser: Browser, api: Api, db: Db) -> None:
    slot = api.slots(DATE)[0]
    places = [api.book(slot).json["booking"] for _ in range(4)]
    waiting = browser.form(slot, action="wait")
    first = browser.send(waiting)
    api.held("DELETE", places[0])

    again = browser.send(waiting)
    another = browser.send({**waiting, "form": browser.form(None)["form"]})

    assert (again.status_code, again.headers["Location"]) == (303, first.headers["Location"])
    assert another.status_code == 409
    assert [entry["state"] for entry in db["waitlist"].find()] == ["promoted"]


def test_a_form_sent_again_after_leaving_leads_to_the_entry_that_was_left(browser: Browser, api: Api, db: Db) -> None:
    slot = api.slots(DATE)[0]
    fill(api, slot)
    waiting = browser.form(slot, action="wait")
    browser.clock.pass_by(seconds=5)
    client = browser.app.test_client()  # Keeps the cookie that opens the entry.
    first = client.post("/", data=waiting)
    assert client.post(f"{first.headers['Location']}/leave").status_code == 303

    again = browser.send(waiting)

    assert (again.status_code, again.headers["Location"]) == (303, first.headers["Location"])
    assert [entry["state"] for entry in db["waitlist"].find()] == ["left"]
    assert api.admin("GET", "/slots", query={"date": DATE}).json[0]["waiting"] == 0
    repeat = browser.send({**waiting, "form": browser.form(None)["form"]})
    assert (repeat.status_code, repeat.headers["Location"] != first.headers["Location"]) == (303, True)


# Another day without scripts


def test_another_day_keeps_what_was_typed_and_asks_for_nothing_yet(browser: Browser, api: Api, db: Db) -> None:
    slot, page = api.slots(DATE)[0], browser.page()
    form = browser.form(slot, page, fullName="A", message="Two of us", look="2026-03-07")
    del form["action"]

    answer = browser.send(form, after=0)

    assert (answer.status_code, 'data-date="2026-03-07"' in answer.text) == (200, True)
    assert [value(answer.text, name) for name in ("fullName", "email", "message")] == [
        "A", form["email"], "Two of us",
    ]  # fmt: skip
    assert form["form"] in answer.text, "the form keeps its key and its age"
    assert "Please check" not in answer.text
    assert browser.send({**form, "look": "2026-03-08"}).status_code == 400
    assert 'data-date="2026-03-05"' in browser.send({**form, "look": "", "month": "2026-03"}).text
    assert db["bookings"].count_documents({}) == 0


def test_days_are_buttons_of_the_form_only_where_there_is_one(browser: Browser) -> None:
    month, day = browser.page("/"), browser.page()

    assert re.findall(r'<button[^>]* name="look"', month) == []
    assert re.findall(r'form="form" name="look" value="([^"]+)" formnovalidate', day) == ODD
    # Enter in a field presses the first button of the form: that must be no day and no language.
    assert re.findall(r'<button[^>]* form="form"[^>]*>', day)[0] == (
        '<button class="visually-hidden" form="form" tabindex="-1" aria-hidden="true">'
    )


# Doors that stay shut


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 303),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, 303),
        ({"Sec-Fetch-Site": "none"}, 303),
        ({"Origin": "http://localhost"}, 303),
        ({"Origin": "null"}, 303),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "http://localhost.evil.example"}, 403),
    ],
)
def test_only_our_own_page_may_send_the_form(
    browser: Browser, api: Api, db: Db, headers: dict[str, str], status: int
) -> None:
    form = browser.form(api.slots(DATE)[0])

    answer = browser.send(form, headers=headers)

    assert answer.status_code == status
    assert db["bookings"].count_documents({}) == (status == 303)
    assert status == 303 or value(answer.text, "email") == form["email"]


def test_another_site_cannot_press_the_buttons_of_a_booking(browser: Browser, api: Api) -> None:
    made = api.book(api.slots(DATE)[0]).json["booking"]
    token = made["manageUrl"].partition("#token=")[2]
    headers = {"Cookie": f"token={token}", "Sec-Fetch-Site": "cross-site"}

    answer = browser.app.test_client(use_cookies=False).post(f"/bookings/{made['id']}/cancel", headers=headers)

    assert (answer.status_code, api.slots(DATE)[0]["bookedCount"]) == (403, 1)


def test_the_page_counts_bookings_as_the_api_does_and_keeps_what_was_typed(
    make_app: Callable[..., Flask], clock: Clock
) -> None:
    app = make_app(clock=clock, RATE_LIMIT_BOOKINGS="1 per hour")
    browser, api = Browser(app, clock), Api(over_app(app))
    slot = api.slots(DATE)[0]
    browser.send(browser.form(slot))

    form = browser.form(slot)
    refused = browser.send(form)

    assert (refused.status_code, api.book(slot).status) == (429, 429)
    assert int(refused.headers["Retry-After"]) > 0
    assert "Please try again in" in shown(refused)
    assert value(refused.text, "email") == form["email"]


@pytest.fixture
def away(make_app: Callable[..., Flask], clock: Clock) -> Iterator[Browser]:
    """The pages of a service whose database has gone away."""
    address = "mongodb://127.0.0.1:1/?replicaSet=rs0"
    client: Client = MongoClient[dict[str, Any]](address, tz_aware=True, serverSelectionTimeoutMS=100)
    yield Browser(make_app(clock=clock, client=client), clock)
    client.close()


def test_without_the_database_the_form_comes_back_whole(away: Browser, api: Api) -> None:
    slot = api.slots(DATE)[0]
    page = away.get(f"/?date={DATE}")
    assert (page.status_code, "cannot see at the moment" in page.text) == (503, True)
    assert int(page.headers["Retry-After"]) > 0

    form = away.form(slot, page.text)
    refused = away.send(form)

    assert (refused.status_code, "nothing is booked yet" in shown(refused)) == (503, True)
    assert value(refused.text, "email") == form["email"]
    assert f'value="{slot["_id"]}" required checked' in refused.text


def test_the_page_does_not_wait_for_the_database_as_long_as_the_driver_would(
    make_app: Callable[..., Flask], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pages.booking.routes.READ_TIMEOUT", 0.1)
    address = "mongodb://127.0.0.1:1/?replicaSet=rs0"
    client: Client = MongoClient[dict[str, Any]](address, tz_aware=True, serverSelectionTimeoutMS=20_000)
    browser = Browser(make_app(clock=clock, client=client), clock)

    begun = time.monotonic()
    answer = browser.get(f"/?date={DATE}")
    client.close()

    assert answer.status_code == 503
    assert time.monotonic() - begun < 10, "half of what the driver would wait"


# Pages for what is not there


def test_browsers_get_pages_where_programs_get_problems(browser: Browser, api: Api) -> None:
    page, program = browser.get("/nowhere"), api.get("/nowhere")

    assert (page.status_code, page.mimetype, "There is no such page" in page.text) == (404, "text/html", True)
    assert (program.status, program.code) == (404, "not_found")
    assert browser.get("/api/nowhere").mimetype == "application/problem+json"
    assert browser.get("/api/slots?date=junk").mimetype == "application/problem+json"


def test_what_breaks_on_a_page_reports_nothing_but_a_number(app: Flask, mongo: Client) -> None:
    app.view_functions["pages.docs"] = broken

    answer = app.test_client().get("/api/docs", headers={"X-Request-ID": "number-1"})

    assert (answer.status_code, answer.mimetype) == (500, "text/html")
    assert "number-1" in answer.text
    assert "secret" not in answer.text


def broken() -> str:
    raise RuntimeError("secret")
