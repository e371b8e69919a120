"""Clock changes: no slot in a skipped hour, none in a repeated one, and no slot without a length."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from booking.calendar_invite import build_ics
from core import log
from schedules import schedule_file, startup_checks, wall_clock
from schedules.errors import ScheduleError
from schedules.model import PlannedSlot, Schedule
from tests.schedules.files import schedule_text

Row = tuple[str, str, str, str, int, list[str], str]
# zone, date, start, end, minutes, then the hours that are left out and why.
CHANGES: list[Row] = [
    ("Europe/Berlin", "2026-03-29", "01:00", "05:00", 60, ["02:00-03:00"], "skipped"),
    ("Europe/Berlin", "2026-03-29", "01:00", "05:00", 30, ["02:00-02:30", "02:30-03:00"], "skipped"),
    ("Europe/Berlin", "2026-03-29", "00:30", "05:30", 60, ["01:30-02:30", "02:30-03:30"], "skipped"),
    ("Europe/Berlin", "2026-10-25", "01:00", "05:00", 60, ["02:00-03:00"], "repeated"),
    ("Europe/Berlin", "2026-10-25", "01:00", "05:00", 30, ["02:00-02:30", "02:30-03:00"], "repeated"),
    ("Australia/Lord_Howe", "2026-10-04", "01:00", "04:00", 30, ["02:00-02:30"], "skipped"),
    ("Australia/Lord_Howe", "2026-10-04", "01:00", "04:00", 60, ["02:00-03:00"], "skipped"),
    ("Australia/Lord_Howe", "2026-04-05", "01:00", "04:00", 30, ["01:30-02:00"], "repeated"),
    ("America/Santiago", "2026-09-06", "00:00", "03:00", 60, ["00:00-01:00"], "skipped"),
    ("America/Santiago", "2026-04-04", "22:00", "24:00", 60, ["23:00-00:00"], "repeated"),
    ("Asia/Beirut", "2026-03-29", "00:00", "03:00", 60, ["00:00-01:00"], "skipped"),
    ("Asia/Beirut", "2026-10-24", "22:00", "24:00", 60, ["23:00-00:00"], "repeated"),
    ("America/Havana", "2026-03-08", "00:00", "03:00", 60, ["00:00-01:00"], "skipped"),
    ("America/Havana", "2026-11-01", "00:00", "03:00", 60, ["00:00-01:00"], "repeated"),
    ("America/New_York", "2026-03-08", "01:00", "04:00", 60, ["02:00-03:00"], "skipped"),
    ("Africa/Casablanca", "2026-03-22", "01:00", "05:00", 60, ["02:00-03:00"], "skipped"),
]
KEPT_BEFORE_MIDNIGHT = [
    ("America/Santiago", "2026-09-05"),
    ("Asia/Beirut", "2026-03-28"),
    ("America/Havana", "2026-03-07"),
    ("America/Havana", "2026-10-31"),
]


def schedule_of(zone: str, day: str, start: str, end: str, minutes: int) -> Schedule:
    return schedule_file.parse(schedule_text(zone=zone, dates=[day], start=start, end=end, minutes=minutes), "x.toml")


def every_slot(schedule: Schedule) -> Iterator[PlannedSlot]:
    for day in schedule.days:
        yield from day.slots


def ends_at(schedule: Schedule, slot: PlannedSlot) -> datetime:
    return schedule.ends_at(slot.date, slot.label)


@pytest.mark.parametrize("row", CHANGES)
def test_slots_of_changed_hours_are_left_out_with_a_reason(row: Row) -> None:
    schedule = schedule_of(*row[:5])
    hours = row[5]

    assert [(slot.date, slot.hours, slot.reason) for slot in schedule.omitted] == [
        (row[1], left_out, row[6]) for left_out in hours
    ]
    assert not {slot.label for slot in every_slot(schedule)} & set(hours)


@pytest.mark.parametrize("row", CHANGES)
def test_kept_slots_have_their_length_and_never_overlap(row: Row) -> None:
    schedule = schedule_of(*row[:5])
    slots = list(every_slot(schedule))

    for slot in slots:
        assert slot.starts_at.astimezone(ZoneInfo(row[0])).strftime("%Y-%m-%d %H:%M") == f"{slot.date} {slot.start}"
        assert timedelta() < ends_at(schedule, slot) - slot.starts_at <= timedelta(minutes=row[4])
    for slot, following in pairwise(slots):
        assert ends_at(schedule, slot) <= following.starts_at


@pytest.mark.parametrize(("zone", "day"), KEPT_BEFORE_MIDNIGHT)
def test_last_slot_before_a_change_at_midnight_is_kept_whole(zone: str, day: str) -> None:
    schedule = schedule_of(zone, day, "22:00", "24:00", 60)

    assert [slot.label for slot in every_slot(schedule)] == ["22:00-23:00", "23:00-00:00"]
    for slot in every_slot(schedule):
        assert ends_at(schedule, slot) - slot.starts_at == timedelta(hours=1)


def test_night_that_contains_a_change_is_one_slot() -> None:
    schedule = schedule_of("Europe/Berlin", "2026-03-28", "22:00", "04:00", 360)

    assert [(slot.label, ends_at(schedule, slot) - slot.starts_at) for slot in every_slot(schedule)] == [
        ("22:00-04:00", timedelta(hours=5))
    ]


def test_without_the_check_two_slots_share_an_instant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule_file, "reason_to_omit", lambda start, end: "")
    monkeypatch.setattr(schedule_file, "_refuse_overlaps", lambda hours: None)
    schedule = schedule_of("Europe/Berlin", "2026-03-29", "01:00", "05:00", 60)

    starts = [slot.starts_at for slot in every_slot(schedule)]

    assert len(set(starts)) < len(starts)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Australia/Lord_Howe", "America/Santiago", "Asia/Kathmandu"])
def test_every_slot_of_a_year_names_one_instant(zone: str) -> None:
    days = [(date(2026, 1, 1) + timedelta(days=day)).isoformat() for day in range(365)]
    text = schedule_text(zone=zone, dates=days, start="00:00", end="24:00", minutes=30)
    schedule = schedule_file.parse(text, "x.toml")

    slots = list(every_slot(schedule))

    assert len(slots) + len(schedule.omitted) == 365 * 48
    assert len({slot.starts_at for slot in slots}) == len(slots)
    assert all(ends_at(schedule, slot) > slot.starts_at for slot in slots)


def test_file_with_skipped_hours_alone_is_refused() -> None:
    with pytest.raises(ScheduleError, match=r"x.toml, line \d+: days has only hours that the clocks of Europe/Berlin"):
        schedule_of("Europe/Berlin", "2026-03-29", "02:00", "03:00", 60)


def test_skipped_day_of_a_zone_has_no_slots() -> None:
    text = schedule_text(
        zone="Pacific/Apia", dates=["2011-12-29", "2011-12-30"], start="10:00", end="12:00", minutes=60
    )

    assert [day.date for day in schedule_file.parse(text, "x.toml").days] == ["2011-12-29"]


def test_omitted_slots_are_logged_with_date_and_hours(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("json")
    startup_checks.warn_about_omitted_slots(schedule_of("Europe/Berlin", "2026-03-29", "01:00", "05:00", 60))

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "omitted_slot" in line]

    assert [(line["date"], line["hours"], line["reason"], line["level"]) for line in lines] == [
        ("2026-03-29", "02:00-03:00", "clocks_skipped", "warning")
    ]


@pytest.mark.parametrize("slot", ["02:00-03:00", "02:30-03:00", "02:00-02:30", "01:00-02:00", "23:00-00:00"])
def test_calendar_entry_of_a_booked_slot_always_has_a_length(slot: str) -> None:
    facts = {
        "slot": slot,
        "date": "2026-03-29",
        "timezone": "Europe/Berlin",
        "event": "Event",
        "reference": "K7MP-4QXD",
        "manageUrl": "https://example.org/bookings/1",
        "email": "ada@example.org",
        "fullName": "Ada",
    }
    stamp = datetime.fromisoformat("2026-01-01T00:00:00Z")

    lines = build_ics(facts=facts, about="1", stamp=stamp, method="REQUEST").decode().splitlines()

    start, end = (next(line for line in lines if line.startswith(name)) for name in ("DTSTART", "DTEND"))
    assert start.partition(":")[2] < end.partition(":")[2]


@pytest.mark.parametrize(
    "name", ["localtime", "Localtime", "posixrules", "right/Europe/Berlin", "posix/UTC", "Factory", "leapseconds",
             "/etc/localtime", "../UTC", "Europe", "Europe/", "Europe/Nowhere", "europe/../UTC", "C:\\UTC", "\0"],
)  # fmt: skip
def test_zone_that_names_no_place_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"^(names no zone of a place|is not in the IANA database)\.$"):
        wall_clock.zone_named(name)


@pytest.mark.parametrize("name", ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+5", "CET"])
def test_zone_of_the_database_is_found(name: str) -> None:
    assert wall_clock.zone_named(name).key == name
