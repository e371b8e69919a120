"""Dates without hours to book: the page leads on to the nearest ones, and dates that are over look closed."""

from __future__ import annotations

import html
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask import Flask

from tests.api.conftest import Clock
from tests.api.pages.page_browser import Browser

AMERICAN = "en-US,en;q=0.9"


def test_date_without_hours_leads_on_to_the_nearest(browser: Browser) -> None:
    answer = browser.get("/?date=2026-03-06")

    page = html.unescape(answer.text)
    assert answer.status_code == 400
    assert "There is nothing on Friday 6 March 2026." in page
    assert "Only odd dates in March 2026 are allowed." in page
    for near in ("2026-03-05", "2026-03-07"):
        assert f'<a href="/?date={near}#hours">' in page


@pytest.mark.parametrize(("asked", "near"), [("2025-01-01", "2026-03-01"), ("2031-01-01", "2026-03-31")])
def test_date_outside_the_schedule_leads_to_its_end(browser: Browser, asked: str, near: str) -> None:
    page = browser.get(f"/?date={asked}").text

    assert page.count('<a href="/?date=') == 1
    assert f'<a href="/?date={near}#hours">' in page


@pytest.mark.parametrize("asked", ["2026-3-6", "20260306", "2026-02-30", "x", "\x00", "2026-W10-5"])
def test_text_that_is_no_date_has_the_plain_refusal(browser: Browser, asked: str) -> None:
    page = browser.get("/?date=" + asked.replace("\x00", "%00"))

    assert page.status_code == 400
    assert "There is nothing on" not in page.text


@pytest.fixture
def closing(make_app: Callable[..., Flask], small_schedule: Callable[..., str], clock: Clock) -> Flask:
    """An application in the middle of its first day, whose hours close when they begin."""
    clock.at = datetime(2031, 6, 10, 14, 30, tzinfo=UTC)  # 10:30 in New York
    return make_app(SCHEDULE_FILE=small_schedule("cutoff_minutes = 0"), clock=clock)


def test_hours_that_have_begun_look_closed(closing: Flask) -> None:
    page = closing.test_client().get("/?date=2031-06-10").text

    assert page.count("slot slot-closed") == 2
    assert "is-today" in page


def test_date_that_is_over_looks_closed_and_is_no_link(closing: Flask, clock: Clock) -> None:
    clock.pass_by(hours=10)
    page = closing.test_client().get("/").text

    assert page.count("day-closed") == 1
    assert 'data-day="2031-06-10"' not in page
    assert 'data-day="2031-06-11"' in page


def test_control_date_is_open_without_a_cutoff(
    make_app: Callable[..., Flask], small_schedule: Callable[..., str], clock: Clock
) -> None:
    clock.at = datetime(2031, 6, 12, tzinfo=UTC)

    page = make_app(SCHEDULE_FILE=small_schedule(), clock=clock).test_client().get("/").text

    assert "day-closed" not in page


@pytest.mark.parametrize(
    ("languages", "hours"),
    [
        (AMERICAN, "1-2 pm"),
        ("en-GB", "13:00-14:00"),
        ("en", "13:00-14:00"),
        ("de-DE,en-US;q=0.5", "13:00-14:00"),
        ("en-XX", "13:00-14:00"),
        ("", "13:00-14:00"),
    ],
)
def test_clock_has_twelve_hours_where_the_locale_has(browser: Browser, languages: str, hours: str) -> None:
    page = browser.get("/?date=2026-03-05", **{"Accept-Language": languages}).text

    assert f'<span aria-hidden="true">{hours}</span>' in page.replace("\u2013", "-")


@pytest.mark.parametrize(
    ("languages", "country"), [("de-AT", "AT"), (AMERICAN, "US"), ("zh-Hans-CN", "CN"), ("de", ""), ("en-001", "")]
)
def test_country_is_selected_by_the_browsers_language(browser: Browser, languages: str, country: str) -> None:
    page = browser.get("/?date=2026-03-05", **{"Accept-Language": languages}).text

    assert page.count('" selected>') == bool(country)
    if country:
        assert f'<option value="{country}" selected>' in page
