"""A schedule file to days and slots: pure but for reading the file. Zones are known here and nowhere below."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import cycle, islice, pairwise
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

from core.i18n import LANGUAGES
from core.ids import deterministic_id
from schedules.errors import ScheduleError
from schedules.model import Day, LocalizedText, PlannedSlot, Schedule

T = TypeVar("T")

MOST_DATES = 1000
MOST_CAPACITY = 1_000_000_000
KNOWN = {
    "id",
    "name",
    "timezone",
    "refusal",
    "slot_minutes",
    "capacity",
    "cutoff_minutes",
    "recurrence",
    "dates",
    "days",
    "translations",
}
KNOWN_OF_TRANSLATION = {"name", "refusal"}
KNOWN_OF_DAY = {"name", "start", "end", "capacity"}


def load(path: Path) -> Schedule:
    """Return the schedule in the TOML file at `path`; raises ScheduleError naming line and reason."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ScheduleError(f"{path.name}: cannot be read ({error}).") from error
    return parse(text, path.name)


def parse(text: str, name: str) -> Schedule:
    """Return the schedule that the TOML `text` gives; `name` is the file's, for error messages."""
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ScheduleError(f"{name}: {error}.") from error
    file = _File(name, text.splitlines(), values)
    file.refuse_unknown(values, KNOWN)
    schedule_id = file.take("id", _identifier)
    zone = file.take("timezone", _zone)
    templates = _templates(file)
    days = tuple(
        Day(day.isoformat(), template.name, tuple(_slots(schedule_id, day, template, zone)))
        for day, template in zip(_dates(file), cycle(templates), strict=False)
    )
    cutoff = file.take("cutoff_minutes", _whole(0, 525_600), default=-1)
    return Schedule(
        id=schedule_id,
        name=file.take("name", _text),
        timezone=zone.key,
        refusal=file.take("refusal", _text),
        days=days,
        cutoff=None if cutoff < 0 else timedelta(minutes=cutoff),
        translations=_translations(file),
    )


@dataclass(frozen=True)
class _File:
    """A parsed file that knows its lines, so that every complaint can name one."""

    name: str
    lines: list[str]
    values: Mapping[str, Any]

    def error(self, key: str, reason: str, nth: int = 0) -> ScheduleError:
        """Return the error at the `nth` line that sets `key`; the last line stands for what is missing."""
        at = [number for number, line in enumerate(self.lines, 1) if re.match(rf"\s*\[*\s*{re.escape(key)}\b", line)]
        line = at[min(nth, len(at) - 1)] if at else max(len(self.lines), 1)
        return ScheduleError(f"{self.name}, line {line}: {key} {reason}")

    def take(
        self,
        key: str,
        check: Callable[[Any], T],
        *,
        default: T | None = None,
        within: Mapping[str, Any] | None = None,
        nth: int = 0,
    ) -> T:
        """Return the checked value of `key`, at the top or within a table."""
        values = self.values if within is None else within
        if key not in values:
            if default is None:
                raise self.error(key, "is missing.", nth)
            return default
        try:
            return check(values[key])
        except (ValueError, TypeError) as error:
            raise self.error(key, str(error), nth) from error

    def refuse_unknown(self, table: Mapping[str, Any], known: set[str], nth: int = 0) -> None:
        """Refuse unknown keys: they are typing errors."""
        for key in table:
            if key not in known:
                raise self.error(key, f"is not known here; known are {', '.join(sorted(known))}.", nth)


@dataclass(frozen=True)
class _Template:
    """A day template: its hours cut into slots."""

    name: str
    hours: tuple[tuple[time, time], ...]
    capacity: int


def _templates(file: _File) -> list[_Template]:
    length = file.take("slot_minutes", _whole(5, 1440))
    capacity = file.take("capacity", _whole(1, MOST_CAPACITY))
    tables = file.take("days", _tables)
    return [_template(file, table, nth, length, capacity) for nth, table in enumerate(tables)]


def _template(file: _File, table: Mapping[str, Any], nth: int, length: int, capacity: int) -> _Template:
    file.refuse_unknown(table, KNOWN_OF_DAY)
    start = file.take("start", _clock, within=table, nth=nth)
    end = file.take("end", _clock, within=table, nth=nth)
    minutes = _since_midnight(end) - _since_midnight(start)
    if minutes <= 0:
        raise file.error("end", "must be on the same day as start, and after it: no slot goes past midnight.", nth)
    if minutes % length:
        raise file.error("end", f"must be a whole number of slots of {length} minutes after start.", nth)
    edges = [_at_minute(_since_midnight(start) + step) for step in range(0, minutes + 1, length)]
    return _Template(
        name=file.take("name", _text, within=table, nth=nth + 1),
        hours=tuple(pairwise(edges)),
        capacity=file.take("capacity", _whole(1, MOST_CAPACITY), default=capacity, within=table, nth=nth + 1),
    )


def _translations(file: _File) -> dict[str, LocalizedText]:
    nothing: Mapping[str, Any] = {}
    tables = file.take("translations", _table, default=nothing)
    # The days have names too, and stand before.
    found, days = {}, len(file.values["days"])
    for nth, (code, table) in enumerate(tables.items(), start=1):
        if code not in LANGUAGES or not isinstance(table, dict):
            raise file.error("translations", f"must be tables by language: {', '.join(LANGUAGES)}.")
        file.refuse_unknown(table, KNOWN_OF_TRANSLATION)
        found[code] = LocalizedText(
            name=file.take("name", _text, within=table, nth=nth + days),
            refusal=file.take("refusal", _text, within=table, nth=nth),
        )
    return found


def _dates(file: _File) -> list[date]:
    if ("dates" in file.values) == ("recurrence" in file.values):
        raise file.error("dates", "or [recurrence] is needed, and only one of them.")
    if "dates" in file.values:
        return file.take("dates", _date_list)
    table = file.take("recurrence", _table)
    file.refuse_unknown(table, {"first", "rule"})
    first = file.take("first", _date, within=table)
    return file.take("rule", lambda rule: _recurring(first, rule), within=table)


def _recurring(first: date, rule: Any) -> list[date]:
    found = islice(rrulestr(_text(rule), dtstart=datetime.combine(first, time())), MOST_DATES + 1)
    return _date_list([moment.date() for moment in found])


def _slots(schedule: str, day: date, template: _Template, zone: ZoneInfo) -> Iterator[PlannedSlot]:
    for start, end in template.hours:
        yield PlannedSlot(
            id=deterministic_id(schedule, day.isoformat(), f"{start:%H:%M}"),
            schedule=schedule,
            date=day.isoformat(),
            day=template.name,
            start=f"{start:%H:%M}",
            end=f"{end:%H:%M}",
            starts_at=datetime.combine(day, start, zone).astimezone(UTC),
            capacity=template.capacity,
        )


def _identifier(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,62}", value):
        raise ValueError("must be 1 to 63 lower-case letters, digits and hyphens.")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > 500:
        raise ValueError("must be a text of 1 to 500 characters.")
    return value.strip()


def _zone(value: Any) -> ZoneInfo:
    try:
        return ZoneInfo(_text(value))
    except (KeyError, ValueError, OSError):
        raise ValueError("must be a time zone of the IANA database, such as Europe/Berlin.") from None


def _whole(least: int, most: int) -> Callable[[Any], int]:
    def check(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise ValueError(f"must be a whole number from {least} to {most}.")
        return value

    return check


def _clock(value: Any) -> time:
    if not isinstance(value, str) or not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
        raise ValueError('must be a time of day in quotes, such as "10:00".')
    return time.fromisoformat(value)


def _date(value: Any) -> date:
    if isinstance(value, datetime):
        raise ValueError("must be a date without a time.")
    if isinstance(value, date):
        return value
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise ValueError(f"has {value}, which is not in the calendar.") from None
    raise ValueError(f"must be a date, such as 2026-03-01: not {str(value)[:40]!r}.")


def _date_list(value: Any) -> list[date]:
    dates = [_date(item) for item in value] if isinstance(value, list) else []
    if not 1 <= len(dates) <= MOST_DATES or sorted(set(dates)) != dates:
        raise ValueError(f"must give 1 to {MOST_DATES} different dates in order.")
    return dates


def _table(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("must be a table.")
    return value


def _tables(value: Any) -> list[Mapping[str, Any]]:
    if not isinstance(value, list) or not value or not all(isinstance(item, dict) for item in value):
        raise ValueError("must be one or more tables: [[days]].")
    return value


def _since_midnight(clock: time) -> int:
    return clock.hour * 60 + clock.minute


def _at_minute(minutes: int) -> time:
    return time(minutes // 60 % 24, minutes % 60)
