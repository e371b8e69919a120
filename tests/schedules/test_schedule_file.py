"""A schedule file to days and slots; a file that cannot be used is refused by line and reason."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.config.settings import ROOT
from schedules import schedule_file
from schedules.errors import ScheduleError
from schedules.model import Schedule

MARCH = ROOT / "schedules" / "march_2026.toml"
GOOD = """\
id = "winter"
name = "Winter days"
timezone = "Asia/Kolkata"
refusal = "Only winter days."
slot_minutes = 45
capacity = 6
cutoff_minutes = 90
dates = ["2027-01-04", "2027-01-05", "2027-01-09"]
[[days]]
name = "Early"
start = "08:00"
end = "09:30"
[[days]]
name = "Late"
start = "22:30"
end = "23:15"
capacity = 2
"""


@pytest.fixture(scope="module")
def march() -> Schedule:
    return schedule_file.load(MARCH)


def test_march_2026_has_sixteen_odd_dates_alternating_a_and_b(march: Schedule) -> None:
    assert [(day.date, day.name) for day in march.days] == [
        (f"2026-03-{day:02d}", "AB"[index % 2]) for index, day in enumerate(range(1, 32, 2))
    ]


def test_a_days_are_from_ten_to_seven_and_b_days_from_nine_to_five(march: Schedule) -> None:
    for day in march.days:
        hours = range(10, 19) if day.name == "A" else range(9, 17)
        assert [slot.label for slot in day.slots] == [f"{hour:02d}:00-{hour + 1:02d}:00" for hour in hours]
        assert day.seats == 4 * len(hours)
        assert {slot.capacity for slot in day.slots} == {4}


def test_every_slot_has_an_id_of_its_own_by_which_it_is_found(march: Schedule) -> None:
    slots = [slot for day in march.days for slot in day.slots]

    assert len(slots) == len(march.slot_by_id) == 136
    assert all(march.slot_by_id[slot.id] is slot for slot in slots)
    assert min(len(slot.id) for slot in slots) >= 10
    assert march.cutoff is None


def test_hours_are_wall_clock_before_and_after_the_clocks_change(march: Schedule) -> None:
    starts = {slot.date: slot.starts_at for day in march.days for slot in day.slots if slot.start == "10:00"}

    assert starts["2026-03-27"] == datetime(2026, 3, 27, 9, tzinfo=UTC)
    assert starts["2026-03-29"] == datetime(2026, 3, 29, 8, tzinfo=UTC)
    assert starts["2026-03-31"] == datetime(2026, 3, 31, 8, tzinfo=UTC)


def test_another_file_is_another_schedule(tmp_path: Path) -> None:
    file = tmp_path / "winter.toml"
    file.write_text(GOOD, encoding="utf-8")

    winter = schedule_file.load(file)

    assert (winter.id, winter.name, winter.timezone, winter.refusal) == (
        "winter",
        "Winter days",
        "Asia/Kolkata",
        "Only winter days.",
    )
    assert winter.cutoff == timedelta(minutes=90)
    assert [(day.date, day.name, [slot.label for slot in day.slots], day.seats) for day in winter.days] == [
        ("2027-01-04", "Early", ["08:00-08:45", "08:45-09:30"], 12),
        ("2027-01-05", "Late", ["22:30-23:15"], 2),
        ("2027-01-09", "Early", ["08:00-08:45", "08:45-09:30"], 12),
    ]
    assert winter.days[0].slots[0].starts_at == datetime(2027, 1, 4, 2, 30, tzinfo=UTC)


def test_ids_differ_between_schedules_and_not_between_readings() -> None:
    ids = [slot.id for slot in schedule_file.parse(GOOD, "a").slot_by_id.values()]

    assert [slot.id for slot in schedule_file.parse(GOOD, "b").slot_by_id.values()] == ids
    renamed = schedule_file.parse(GOOD.replace('id = "winter"', 'id = "other"'), "a")
    assert not set(renamed.slot_by_id) & set(ids)


def test_the_id_of_a_slot_outlives_a_change_of_its_places_and_names() -> None:
    changed = (
        GOOD.replace("capacity = 6", "capacity = 60").replace("Early", "Morning").replace("Winter days", "Snow days")
    )

    assert list(schedule_file.parse(changed, "a").slot_by_id) == list(schedule_file.parse(GOOD, "a").slot_by_id)


def test_a_rule_may_give_the_dates() -> None:
    text = GOOD.replace(
        'dates = ["2027-01-04", "2027-01-05", "2027-01-09"]',
        '[recurrence]\nfirst = 2027-01-04\nrule = "FREQ=WEEKLY;BYDAY=MO,SA;COUNT=4"',
    )

    assert [day.date for day in schedule_file.parse(text, "x").days] == [
        "2027-01-04",
        "2027-01-09",
        "2027-01-11",
        "2027-01-16",
    ]


def test_a_booking_is_taken_until_the_cut_off() -> None:
    winter = schedule_file.parse(GOOD, "x")
    slot = winter.days[0].slots[0]

    assert winter.is_bookable_at(slot, slot.starts_at - timedelta(minutes=90, seconds=1))
    assert not winter.is_bookable_at(slot, slot.starts_at - timedelta(minutes=90))
    assert not winter.is_bookable_at(slot, slot.starts_at + timedelta(days=1))


BAD = [
    ("not toml", 'name = "Winter days"', "name = Winter days", 2, ""),
    ("id missing", 'id = "winter"\n', "", 0, "id is missing"),
    ("id with blanks", '"winter"', '"my winter"', 1, "id must be"),
    ("id not text", '"winter"', "5", 1, "id must be"),
    ("name empty", '"Winter days"', '" "', 2, "name must be a text"),
    ("zone unknown", "Asia/Kolkata", "Asia/Nowhere", 3, "timezone must be a time zone"),
    ("zone a path", "Asia/Kolkata", "../../etc/passwd", 3, "timezone must be a time zone"),
    ("zone empty", "Asia/Kolkata", "", 3, "timezone must be a time zone"),
    ("refusal missing", 'refusal = "Only winter days."\n', "", 0, "refusal is missing"),
    ("length too short", "slot_minutes = 45", "slot_minutes = 4", 5, "slot_minutes must be a whole number"),
    ("length a fraction", "slot_minutes = 45", "slot_minutes = 45.0", 5, "slot_minutes must be a whole number"),
    ("length a truth", "slot_minutes = 45", "slot_minutes = true", 5, "slot_minutes must be a whole number"),
    ("capacity zero", "capacity = 6", "capacity = 0", 6, "capacity must be a whole number"),
    ("capacity negative", "capacity = 6", "capacity = -1", 6, "capacity must be a whole number"),
    ("capacity of a day", "capacity = 2", "capacity = 0", 17, "capacity must be a whole number"),
    ("cut-off negative", "cutoff_minutes = 90", "cutoff_minutes = -5", 7, "cutoff_minutes must be"),
    ("a typing error", "cutoff_minutes", "cutof_minutes", 7, "cutof_minutes is not known"),
    ("a typing error in a day", 'end = "09:30"', 'ends = "09:30"', 12, "ends is not known"),
    ("dates out of order", '"2027-01-04", "2027-01-05"', '"2027-01-05", "2027-01-04"', 8, "dates must give"),
    ("dates twice", '"2027-01-05"', '"2027-01-04"', 8, "dates must give"),
    ("no dates", '"2027-01-04", "2027-01-05", "2027-01-09"', "", 8, "dates must give"),
    ("no such date", "2027-01-09", "2027-02-30", 8, "dates has 2027-02-30, which is not in the calendar."),
    ("date without zeros", "2027-01-09", "2027-1-9", 8, "dates must be a date, such as 2026-03-01: not '2027-1-9'."),
    ("neither dates nor rule", 'dates = ["2027-01-04", "2027-01-05", "2027-01-09"]\n', "", 0, "is needed"),
    ("clock without quotes", '"08:00"', "08:00:00", 11, "start must be a time of day"),
    ("clock out of range", '"08:00"', '"24:00"', 11, "start must be a time of day"),
    ("clock without zero", '"08:00"', '"8:00"', 11, "start must be a time of day"),
    (
        "end before start",
        'end = "09:30"',
        'end = "07:15"',
        12,
        "end must be after start; on the next day it would be 23.25",
    ),
    ("end after a day", 'end = "23:15"', 'end = "24:45"', 16, "end must be a time of day"),
    ("no time at all", 'end = "23:15"', 'end = "22:30"', 16, "end must be after start."),
    ("zone of the machine", "Asia/Kolkata", "localtime", 3, "timezone must be a time zone"),
    ("zone with leap seconds", "Asia/Kolkata", "right/Asia/Kolkata", 3, "timezone must be a time zone"),
    ("year without calendar", "2027-01-09", "9999-01-09", 8, "dates has 9999-01-09; dates are from 1971 to 2999."),
    ("half a slot", 'end = "09:30"', 'end = "09:00"', 12, "end must be a whole number of slots"),
    ("end of the second day", 'end = "23:15"', 'end = "23:00"', 16, "end must be a whole number of slots"),
]


@pytest.mark.parametrize(("old", "new", "line", "reason"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_a_file_that_cannot_be_used_is_refused_by_line_and_reason(old: str, new: str, line: int, reason: str) -> None:
    text = GOOD.replace(old, new, 1)
    assert text != GOOD

    with pytest.raises(ScheduleError) as refused:
        schedule_file.parse(text, "winter.toml")

    sentence = str(refused.value)
    assert sentence.startswith("winter.toml")
    assert reason in sentence
    found = re.search(r"line (\d+)", sentence)
    assert found
    # What is missing has no line; the last one of the file stands for it.
    assert int(found[1]) == (line or len(text.splitlines()))


RULES = [
    "FREQ=SOMETIMES",
    "",
    "nonsense",
    "FREQ=DAILY",
    "FREQ=DAILY;COUNT=0",
    "FREQ=HOURLY;COUNT=4",
    "FREQ=DAILY;UNTIL=20200101",
]


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_that_gives_no_bounded_list_of_days_is_refused(rule: str) -> None:
    text = GOOD.replace(
        'dates = ["2027-01-04", "2027-01-05", "2027-01-09"]', f'[recurrence]\nfirst = 2027-01-04\nrule = "{rule}"'
    )

    with pytest.raises(ScheduleError, match=r"line 10: rule"):
        schedule_file.parse(text, "winter.toml")


@pytest.mark.parametrize(("first", "reason"), [('"2027-02-29"', "has 2027-02-29, which"), ("5", "not '5'")])
def test_a_first_date_that_is_none_is_named(first: str, reason: str) -> None:
    text = GOOD.replace(
        'dates = ["2027-01-04", "2027-01-05", "2027-01-09"]',
        f'[recurrence]\nfirst = {first}\nrule = "FREQ=DAILY;COUNT=2"',
    )

    with pytest.raises(ScheduleError, match=f"line 9: first .*{reason}"):
        schedule_file.parse(text, "winter.toml")


def test_days_are_needed() -> None:
    with pytest.raises(ScheduleError, match="days is missing"):
        schedule_file.parse(GOOD.partition("[[days]]")[0], "winter.toml")


@pytest.mark.parametrize("content", [b"\xff\xfe", None])
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "winter.toml"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(ScheduleError, match=r"winter.toml: cannot be read"):
        schedule_file.load(file)
