"""Template filters: money in its currency, and times in the zone of the schedule with the zone's name."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from flask import Flask

from pages import formatting

EVENING = datetime(2026, 12, 30, 23, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "minor", "currency", "text"),
    [
        ("en", 29_999, "USD", "US$299.99"),
        ("en", 0, "EUR", "€0.00"),
        ("en", 1_234_567, "JPY", "JP¥1,234,567"),
        ("de", 1_050, "EUR", "10,50\xa0€"),
        ("de", 1_234, "TND", "1,234\xa0TND"),
    ],
)
def test_money_is_shown_in_its_currency(app: Flask, language: str, minor: int, currency: str, text: str) -> None:
    with app.test_request_context("/", headers={"Accept-Language": language}):
        assert formatting.money(minor, currency) == text


@pytest.mark.parametrize(
    ("language", "day", "hour"),
    [("en", "Thursday 31 December 2026", "00:30 CET"), ("de", "Donnerstag, 31. Dezember 2026", "00:30 MEZ")],
)
def test_moment_is_shown_in_the_zone_of_the_schedule(app: Flask, language: str, day: str, hour: str) -> None:
    with app.test_request_context("/", headers={"Accept-Language": language}):
        assert (formatting.moment_day(EVENING), formatting.moment_time(EVENING)) == (day, hour)
