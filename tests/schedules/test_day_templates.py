"""Hours of a date: until midnight, over midnight, with a break, and by weekday."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from schedules import schedule_file
from schedules.errors import ScheduleError
from tests.schedules.files import with_days

NIGHT = '[[days]]\nname = "Night"\nstart = "22:00"\nend = "02:00"\n'
LUNCH = '[[days]]\nname = "A"\nhours = ["09:00-11:00", "13:00-15:00"]\n'
WEEKEND = (
    '[[days]]\nname = "Weekend"\nweekdays = ["SA", "SU"]\nstart = "10:00"\nend = "11:00"\n'
    '[[days]]\nname = "A"\nstart = "12:00"\nend = "13:00"\n'
    '[[days]]\nname = "B"\nstart = "14:00"\nend = "15:00"\n'
)


def hours(days: str, dates: Sequence[str] = ("2026-03-01",), minutes: int = 60) -> dict[str, list[str]]:
    schedule = schedule_file.parse(with_days(days, dates=dates, minutes=minutes), "x.toml")
    return {f"{day.date} {day.name}": [slot.label for slot in day.slots] for day in schedule.days}


@pytest.mark.parametrize("end", ["24:00", "00:00"])
def test_evening_until_midnight_ends_at_midnight(end: str) -> None:
    days = f'[[days]]\nname = "A"\nstart = "22:00"\nend = "{end}"\n'

    assert hours(days) == {"2026-03-01 A": ["22:00-23:00", "23:00-00:00"]}


def test_whole_day_has_every_hour() -> None:
    assert len(hours('[[days]]\nname = "A"\nstart = "00:00"\nend = "24:00"\n')["2026-03-01 A"]) == 24


def test_slot_of_a_whole_day_ends_a_day_later() -> None:
    text = with_days('[[days]]\nname = "A"\nstart = "00:00"\nend = "24:00"\n', minutes=1440)
    schedule = schedule_file.parse(text, "x.toml")

    assert schedule.days[0].slots[0].label == "00:00-00:00"
    assert schedule.ends_at("2026-03-01", "00:00-00:00") == datetime(2026, 3, 1, 23, tzinfo=UTC)


def test_hours_after_midnight_are_on_the_next_date() -> None:
    assert hours(NIGHT) == {
        "2026-03-01 Night": ["22:00-23:00", "23:00-00:00"],
        "2026-03-02 Night": ["00:00-01:00", "01:00-02:00"],
    }


def test_nights_in_a_row_share_their_dates() -> None:
    found = hours(NIGHT, ["2026-03-01", "2026-03-02"])

    assert found["2026-03-02 Night"] == ["00:00-01:00", "01:00-02:00", "22:00-23:00", "23:00-00:00"]
    assert list(found) == ["2026-03-01 Night", "2026-03-02 Night", "2026-03-03 Night"]


def test_slot_over_midnight_begins_on_its_evening() -> None:
    days = '[[days]]\nname = "A"\nstart = "22:30"\nend = "01:30"\n'

    assert hours(days) == {"2026-03-01 A": ["22:30-23:30", "23:30-00:30"], "2026-03-02 A": ["00:30-01:30"]}


def test_instants_after_midnight_are_those_of_the_next_date() -> None:
    schedule = schedule_file.parse(with_days(NIGHT), "x.toml")

    assert schedule.days[1].slots[0].starts_at == datetime(2026, 3, 1, 23, tzinfo=UTC)


def test_sessions_leave_out_the_break() -> None:
    assert hours(LUNCH) == {"2026-03-01 A": ["09:00-10:00", "10:00-11:00", "13:00-14:00", "14:00-15:00"]}


def test_session_of_hours_may_end_at_midnight_or_after_it() -> None:
    assert hours('[[days]]\nname = "A"\nhours = ["10:00 - 11:00", "23:00\u201324:00"]\n') == {
        "2026-03-01 A": ["10:00-11:00", "23:00-00:00"]
    }
    assert list(hours('[[days]]\nname = "A"\nhours = ["23:00-01:00"]\n')) == ["2026-03-01 A", "2026-03-02 A"]


def test_weekday_has_its_own_hours_and_other_dates_follow_in_turn() -> None:
    # A Friday to a Tuesday.
    dates = ["2026-03-06", "2026-03-07", "2026-03-08", "2026-03-09", "2026-03-10"]

    assert hours(WEEKEND, dates) == {
        "2026-03-06 A": ["12:00-13:00"],
        "2026-03-07 Weekend": ["10:00-11:00"],
        "2026-03-08 Weekend": ["10:00-11:00"],
        "2026-03-09 B": ["14:00-15:00"],
        "2026-03-10 A": ["12:00-13:00"],
    }


def day(rest: str) -> str:
    return f'[[days]]\nname = "A"\n{rest}\n'


# The tables, the line and the reason; the tables begin on line 8.
REFUSED = [
    (day('hours = []'), 10, "hours must be a list of sessions"),
    (day('hours = "09:00-12:00"'), 10, "hours must be a list of sessions"),
    (day('hours = ["9-12"]'), 10, "hours must be sessions such as \"09:00-12:00\": not '9-12'."),
    (day('hours = ["09:00-25:00"]'), 10, "hours must be a time of day"),
    (day('hours = [9]'), 10, "hours must be a list of sessions"),
    (day('hours = ["09:00-12:00", "11:00-13:00"]'), 10, "hours must be sessions in order that do not overlap: 11:00"),
    (day('hours = ["13:00-14:00", "09:00-12:00"]'), 10, "hours must be sessions in order"),
    (day('hours = ["09:00-09:00"]'), 10, "hours must be after start."),
    (day('hours = ["09:00-12:30"]'), 10, "hours must be a whole number of slots of 60 minutes"),
    (day('hours = ["09:00-12:00"]\nstart = "09:00"'), 11, "start cannot be given beside hours."),
    (day('start = "24:00"\nend = "24:00"'), 10, "start must be a time of day"),
    (day('start = "12:00"\nend = "11:00"'), 11, "end must be after start; on the next day it would be 23 hours later"),
    (day('start = "10:00"\nend = "11:00"\nweekdays = []'), 12, "weekdays must be a list of weekdays"),
    (day('start = "10:00"\nend = "11:00"\nweekdays = ["Saturday"]'), 12, "weekdays has 'Saturday'; weekdays are MO,"),
    (day('start = "10:00"\nend = "11:00"\nweekdays = ["SA"]'), 8, "days has no hours for 2026-03-01, which is SU."),
    (
        day('start = "10:00"\nend = "11:00"\nweekdays = ["SU"]') * 2, 17,
        "weekdays has a day that another [[days]] has too.",
    ),
    (day('start = "10:00"'), 8, "end is missing."),
    (LUNCH + day('start = "10:00"\nend = "11:00"\ncapacity = 0'), 15, "capacity must be a whole number"),
    (LUNCH + '[[days]]\nname = "B"\nend = "11:00"\n', 11, "start is missing."),
]  # fmt: skip


@pytest.mark.parametrize(("days", "line", "reason"), REFUSED)
def test_refused_hours_name_line_key_and_reason(days: str, line: int, reason: str) -> None:
    with pytest.raises(ScheduleError) as refused:
        schedule_file.parse(with_days(days), "x.toml")

    assert f"x.toml, line {line}: {reason}" in str(refused.value)


def test_night_that_overlaps_the_next_morning_is_refused() -> None:
    days = NIGHT + '[[days]]\nname = "Early"\nstart = "01:00"\nend = "03:00"\n'

    with pytest.raises(ScheduleError, match=r"overlaps 01:00-02:00 on 2026-03-02|line 14: start begins too early"):
        hours(days, ["2026-03-01", "2026-03-02"])
