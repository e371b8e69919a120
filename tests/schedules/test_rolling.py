"""Recurrence from today: the demonstration's dates begin on the day of the start."""

from __future__ import annotations

from datetime import date, timedelta

from core import clock
from core.config.settings import ROOT
from schedules import schedule_file


def test_rolling_demo_has_odd_dates_from_today() -> None:
    days = [date.fromisoformat(day.date) for day in schedule_file.load(ROOT / "schedules" / "demo_rolling.toml").days]
    today = clock.now().date()

    assert len(days) == 30
    assert all(day.day % 2 for day in days)
    assert today - timedelta(days=1) <= days[0] <= today + timedelta(days=2)
