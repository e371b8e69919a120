"""Parser of schedule files: dates and day templates become slots with instants in UTC."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from core.contact.model import DEFAULT_RULES, ContactRules
from core.i18n import LANGUAGES
from core.ids import deterministic_id
from schedules import checks, recurrence, toml_file
from schedules.day_templates import DayTemplate, assign
from schedules.details import file as details_file
from schedules.details.model import EventDetails
from schedules.model import MAX_SEATS_PER_BOOKING, Day, LocalizedText, OmittedSlot, PlannedSlot, Schedule
from schedules.recurrence import MAX_DATES
from schedules.toml_file import Table
from schedules.wall_clock import WallTime, reason_to_omit

KEYS = {
    "id",
    "name",
    "timezone",
    "refusal",
    "slot_minutes",
    "capacity",
    "cutoff_minutes",
    "seats_per_booking",
    "recurrence",
    "dates",
    "days",
    "translations",
    "event",
    "fields",
}
TRANSLATION_KEYS = {"name", "refusal", *details_file.TEXTS}
RECURRENCE_KEYS = {"first", "rule"}
NO_CUTOFF = -1


def load(path: Path) -> Schedule:
    """Return the schedule in the TOML file at `path`; raises ScheduleError naming line, key and reason."""
    return _schedule(toml_file.load(path), path.parent)


def parse(text: str, name: str) -> Schedule:
    """Return the schedule that the TOML `text` gives; `name` is the file's, for error messages."""
    return _schedule(toml_file.parse(text, name), Path(name).parent)


@dataclass(frozen=True)
class _Hours:
    """The hours of a slot, with the template that gives them."""

    start: WallTime
    end: WallTime
    template: DayTemplate

    @property
    def date(self) -> str:
        """Return the date on which the slot starts; after midnight it is not the session's."""
        return self.start.calendar_date.isoformat()

    @property
    def label(self) -> str:
        return f"{self.start.clock}-{self.end.clock}"


def _schedule(file: Table, folder: Path) -> Schedule:
    file.refuse_unknown(KEYS)
    schedule_id = file.get("id", checks.identifier)
    zone = file.get("timezone", checks.zone)
    planned = list(assign(file, _dates(file, zone)))
    kept, omitted = _without_clock_changes(planned, zone)
    if not kept:
        raise file.error("days", f"has only hours that the clocks of {zone.key} skip or repeat on these dates.")
    _refuse_overlaps(kept)
    cutoff = file.get("cutoff_minutes", checks.whole(0, 525_600), default=NO_CUTOFF)
    details = details_file.parse(file, folder)
    return Schedule(
        id=schedule_id,
        name=file.get("name", checks.text),
        timezone=zone.key,
        refusal=file.get("refusal", checks.text),
        days=_days(schedule_id, kept, {day.isoformat(): template.name for day, template in planned}),
        cutoff=None if cutoff == NO_CUTOFF else timedelta(minutes=cutoff),
        translations=_translations(file, details),
        omitted=tuple(omitted),
        details=details,
        seats_per_booking=file.get("seats_per_booking", checks.whole(1, MAX_SEATS_PER_BOOKING), default=1),
        contact_rules=_contact_rules(file),
    )


def _contact_rules(file: Table) -> ContactRules:
    if "fields" not in file.values:
        return DEFAULT_RULES
    table = file.child("fields")
    table.refuse_unknown({field.name for field in fields(ContactRules)})
    return ContactRules(**{name: table.get(name, checks.field_rule) for name in table.values})


def _dates(file: Table, zone: ZoneInfo) -> Sequence[date]:
    if ("dates" in file.values) == ("recurrence" in file.values):
        raise file.error("dates", "or [recurrence] is needed, and only one of them.")
    if "dates" in file.values:
        return file.get("dates", _date_list)
    table = file.child("recurrence")
    table.refuse_unknown(RECURRENCE_KEYS)
    first = table.get("first", checks.first_day(zone))
    return table.get("rule", lambda rule: recurrence.dates_of(checks.rule(rule), first, zone))


def _date_list(value: Any) -> list[date]:
    dates: list[date] = []
    if isinstance(value, list):
        dates.extend(map(checks.day, value))
    if not 1 <= len(dates) <= MAX_DATES or sorted(set(dates)) != dates:
        raise ValueError(f"must give 1 to {MAX_DATES} different dates in order.")
    return dates


def _without_clock_changes(
    planned: Iterable[tuple[date, DayTemplate]], zone: ZoneInfo
) -> tuple[list[_Hours], list[OmittedSlot]]:
    """Return the hours in order of start without those that the clocks skip or repeat, and the latter."""
    kept = []
    omitted = []
    for day, template in planned:
        for start, end in template.hours:
            hours = _Hours(WallTime(day, start, zone), WallTime(day, end, zone), template)
            reason = reason_to_omit(hours.start, hours.end)
            if reason:
                omitted.append(OmittedSlot(hours.date, hours.label, reason))
            else:
                kept.append(hours)
    return sorted(kept, key=lambda hours: hours.start.instant), omitted


def _refuse_overlaps(kept: Sequence[_Hours]) -> None:
    for hours, following in pairwise(kept):
        if following.start.instant < hours.end.instant:
            raise following.template.table.error(
                following.template.table.first_of("hours", "start"),
                f"begins too early: {following.label} on {following.date} overlaps {hours.label} on {hours.date}.",
            )


def _days(schedule_id: str, kept: Iterable[_Hours], names: Mapping[str, str]) -> tuple[Day, ...]:
    by_date: dict[str, list[PlannedSlot]] = {}
    for hours in kept:
        by_date.setdefault(hours.date, []).append(_planned_slot(schedule_id, hours))
    days = []
    for day, slots in by_date.items():
        # A date without a template has hours of the evening before.
        days.append(Day(day, names.get(day, slots[0].day), tuple(slots)))
    return tuple(days)


def _planned_slot(schedule_id: str, hours: _Hours) -> PlannedSlot:
    return PlannedSlot(
        id=deterministic_id(schedule_id, hours.date, hours.start.clock),
        schedule=schedule_id,
        date=hours.date,
        day=hours.template.name,
        start=hours.start.clock,
        end=hours.end.clock,
        starts_at=hours.start.instant,
        capacity=hours.template.capacity,
    )


def _translations(file: Table, details: EventDetails) -> dict[str, LocalizedText]:
    if "translations" not in file.values:
        return {}
    tables = file.child("translations")
    found = {}
    for code, values in tables.values.items():
        if code not in LANGUAGES or not isinstance(values, dict):
            raise file.error("translations", f"must be tables by language: {', '.join(LANGUAGES)}.")
        table = tables.child(code)
        table.refuse_unknown(TRANSLATION_KEYS)
        found[code] = LocalizedText(
            name=table.get("name", checks.text),
            refusal=table.get("refusal", checks.text),
            details=details_file.translation(details, table),
        )
    return found
