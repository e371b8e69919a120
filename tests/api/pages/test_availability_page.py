"""The booking page: months, days, slots, countries and phones."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import phonenumbers
import pytest
from flask import Flask

from core.mongo.client import Db
from core.web.security_headers import SECURITY_HEADERS
from pages.booking.countries import countries, names
from tests.api.conftest import Clock
from tests.api.pages.page_browser import DATE, ODD, Browser, fill, shown
from tests.api_client import Api, over_app
from tests.schedules.files import schedule_text

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


def test_day_page_shows_slots_as_controls_with_their_state_as_text(browser: Browser, api: Api) -> None:
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


@pytest.fixture
def two_months(make_app: Callable[..., Flask], clock: Clock, tmp_path: Path) -> Api:
    """A schedule of 30 January, 11 and 12 February 2030, of two hours each."""
    file = tmp_path / "two_months.toml"
    file.write_text(schedule_text(dates=("2030-01-30", "2030-02-11", "2030-02-12")))
    return Api(over_app(make_app(SCHEDULE_FILE=str(file), clock=clock)))


def month_of(page: str) -> list[str]:
    """Return the days of the month that a page shows."""
    return re.findall(r'data-day="(2030-[^"]+)"', page)


@pytest.mark.parametrize(
    ("query", "month"),
    [
        ("", "2030-01"),
        ("?month=2030-02", "2030-02"),
        ("?date=2030-02-11", "2030-02"),
        ("?date=2030-02-11&month=2030-01", "2030-01"),
        ("?month=2030-99", "2030-01"),
        ("?month=junk", "2030-01"),
    ],
)
def test_a_schedule_of_more_months_shows_the_one_that_is_asked_for(two_months: Api, query: str, month: str) -> None:
    shown = month_of(two_months.send("GET", f"/{query}").body.decode())

    assert shown == {"2030-01": ["2030-01-30"], "2030-02": ["2030-02-11", "2030-02-12"]}[month]


def test_first_month_with_places_is_shown_unless_another_is_asked_for(two_months: Api) -> None:
    for slot in two_months.slots("2030-01-30"):
        two_months.admin("PATCH", f"/slots/{slot['_id']}", json={"closed": True})

    assert month_of(two_months.send("GET", "/").body.decode()) == ["2030-02-11", "2030-02-12"]
    # A day without open hours is no link.
    assert month_of(two_months.send("GET", "/?month=2030-01").body.decode()) == []


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
    assert "day-closed" in browser.page("/")
    assert f'data-day="{DATE}"' not in browser.page("/")


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
        link
        for link in re.findall(r'<(?!link rel="canonical")[^>]* (?:src|href|action)="([^"]+)"', page)
        if not link.startswith(("/", "#"))
    ] == []
    assert browser.get("/").headers["Content-Security-Policy"] == SECURITY_HEADERS["Content-Security-Policy"]


# Countries and phones


def test_every_country_of_the_numbering_plans_has_a_name() -> None:
    assert set(names()) == phonenumbers.SUPPORTED_REGIONS
    assert [c.name for c in countries()][:3] == ["Afghanistan", "Åland Islands", "Albania"]
    assert {c.calling_code for c in countries() if c.code in ("US", "CA")} == {"+1"}


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
