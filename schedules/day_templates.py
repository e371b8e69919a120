"""Day templates: sessions cut into slots, and the template of each date."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import cycle
from typing import Any

from schedules import checks
from schedules.checks import MINUTES_OF_A_DAY
from schedules.recurrence_dates import WEEKDAYS
from schedules.toml_file import Table

MAX_CAPACITY = 1_000_000_000
# An end before the start is on the next day. A longer session is a typing error.
MAX_OVERNIGHT_HOURS = 18
KEYS = {"name", "start", "end", "hours", "capacity", "weekdays"}
HOURS = re.compile(r"(\d{2}:\d{2})\s*[-\u2013]\s*(\d{2}:\d{2})", re.ASCII)


@dataclass(frozen=True)
class DayTemplate:
    """The slots of a date: start and end in minutes from its midnight, also on the next day."""

    table: Table
    name: str
    hours: Sequence[tuple[int, int]]
    capacity: int
    weekdays: frozenset[int]


def day_templates(file: Table) -> list[DayTemplate]:
    """Return the templates in `file`; raises ScheduleError."""
    length = file.get("slot_minutes", checks.whole(5, MINUTES_OF_A_DAY))
    capacity = file.get("capacity", checks.whole(1, MAX_CAPACITY))
    templates = []
    taken: set[int] = set()
    for table in file.children("days"):
        template = _template(table, length, capacity)
        if taken & template.weekdays:
            raise table.error("weekdays", "has a day that another [[days]] has too.")
        taken |= template.weekdays
        templates.append(template)
    return templates


def assign(file: Table, dates: Sequence[date]) -> Iterator[tuple[date, DayTemplate]]:
    """Yield each date with its template: that of its weekday, or else the next one without weekdays."""
    templates = day_templates(file)
    by_weekday: dict[int, DayTemplate] = {}
    for template in templates:
        by_weekday.update(dict.fromkeys(template.weekdays, template))
    in_turn = cycle([template for template in templates if not template.weekdays])
    for day in dates:
        found = by_weekday.get(day.weekday()) or next(in_turn, None)
        if found is None:
            raise file.error("days", f"has no hours for {day}, which is {WEEKDAYS[day.weekday()]}.")
        yield day, found


def _template(table: Table, length: int, capacity: int) -> DayTemplate:
    table.refuse_unknown(KEYS)
    return DayTemplate(
        table=table,
        name=table.get("name", checks.text),
        hours=_slots(table, length),
        capacity=table.get("capacity", checks.whole(1, MAX_CAPACITY), default=capacity),
        weekdays=table.get("weekdays", _weekdays, default=frozenset()),
    )


def _slots(table: Table, length: int) -> list[tuple[int, int]]:
    slots: list[tuple[int, int]] = []
    for start, end in _sessions(table):
        if (end - start) % length:
            key = table.first_of("hours", "end")
            raise table.error(key, f"must be a whole number of slots of {length} minutes after start.")
        slots.extend(zip(range(start, end, length), range(start + length, end + 1, length), strict=True))
    return slots


def _sessions(table: Table) -> list[tuple[int, int]]:
    if "hours" not in table.values:
        start = table.get("start", checks.start_of_session)
        return [(start, table.get("end", lambda value: _end_after(start, checks.end_of_session(value))))]
    for key in ("start", "end"):
        if key in table.values:
            raise table.error(key, "cannot be given beside hours.")
    return table.get("hours", _hours)


def _hours(value: Any) -> list[tuple[int, int]]:
    sessions: list[tuple[int, int]] = []
    for item in checks.texts(value, 'sessions, such as ["09:00-12:00", "13:00-17:00"]'):
        start, end = _session(item)
        if sessions and start < sessions[-1][1]:
            raise ValueError(f"must be sessions in order that do not overlap: {item} begins too early.")
        sessions.append((start, end))
    return sessions


def _session(written: str) -> tuple[int, int]:
    found = HOURS.fullmatch(written)
    if not found:
        raise ValueError(f'must be sessions such as "09:00-12:00": not {written[:40]!r}.')
    start = checks.start_of_session(found[1])
    return start, _end_after(start, checks.end_of_session(found[2]))


def _end_after(start: int, end: int) -> int:
    """Return the end, on the next day if it is before the start."""
    if end == start:
        raise ValueError("must be after start.")
    if end > start:
        return end
    hours = (end + MINUTES_OF_A_DAY - start) / 60
    if hours > MAX_OVERNIGHT_HOURS:
        raise ValueError(
            f"must be after start; on the next day it would be {hours:g} hours later, and {MAX_OVERNIGHT_HOURS} "
            "are the most."
        )
    return end + MINUTES_OF_A_DAY


def _weekdays(value: Any) -> frozenset[int]:
    found = set()
    for item in checks.texts(value, 'weekdays, such as ["SA", "SU"]'):
        if item.upper() not in WEEKDAYS:
            raise ValueError(f"has {item[:40]!r}; weekdays are {', '.join(WEEKDAYS)}.")
        found.add(WEEKDAYS.index(item.upper()))
    return frozenset(found)
