"""Checks of single values of a schedule file; each raises ValueError with the words for the operator."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from core import clock
from core.contact.model import FieldRule
from schedules.wall_clock import zone_named

# Calendar files are made for these years.
FIRST_YEAR = 1971
LAST_YEAR = 2999
MINUTES_OF_A_DAY = 1440
TODAY = "today"


def identifier(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,62}", value):
        raise ValueError("must be 1 to 63 lower-case letters, digits and hyphens.")
    return value


def text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > 500:
        raise ValueError("must be a text of 1 to 500 characters.")
    return value.strip()


def field_rule(value: Any) -> FieldRule:
    if not isinstance(value, str) or value not in set(FieldRule):
        raise ValueError('must be "required", "optional" or "off".')
    return FieldRule(value)


def rule(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > 20_000:
        raise ValueError("must be a recurrence rule in quotes, such as FREQ=WEEKLY;BYDAY=SA;COUNT=8.")
    return value


def zone(value: Any) -> ZoneInfo:
    try:
        return zone_named(text(value))
    except ValueError:
        raise ValueError("must be a time zone of the IANA database, such as Europe/Berlin.") from None


def whole(least: int, most: int) -> Callable[[Any], int]:
    """Return the check for a whole number from `least` to `most`."""

    def check(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise ValueError(f"must be a whole number from {least} to {most}.")
        return value

    return check


def start_of_session(value: Any) -> int:
    """Return the minutes from midnight of HH:MM."""
    if not isinstance(value, str) or not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value, re.ASCII):
        raise ValueError('must be a time of day in quotes, such as "10:00".')
    return int(value[:2]) * 60 + int(value[3:])


def end_of_session(value: Any) -> int:
    """Return the minutes from midnight of HH:MM, where 24:00 is the day's end."""
    if value == "24:00":
        return MINUTES_OF_A_DAY
    return start_of_session(value)


def day(value: Any) -> date:
    if isinstance(value, datetime):
        raise ValueError("must be a date without a time.")
    found = _parsed_date(value)
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise ValueError(f"has {found}; dates are from {FIRST_YEAR} to {LAST_YEAR}.")
    return found


def first_day(zone: ZoneInfo) -> Callable[[Any], date]:
    """Return the check for the first date of a recurrence: a date, or the text "today"."""

    def check(value: Any) -> date:
        if value == TODAY:
            return clock.now().astimezone(zone).date()
        return day(value)

    return check


def texts(value: Any, what: str) -> list[str]:
    """Return a list of one or more texts without surrounding blanks; `what` describes it with an example."""
    if not isinstance(value, list) or not value:
        raise ValueError(f"must be a list of {what}.")
    found = []
    for item in value:
        if not isinstance(item, str):
            raise ValueError(f"must be a list of {what}.")
        found.append(item.strip())
    return found


def _parsed_date(value: Any) -> date:
    if isinstance(value, date):
        return value
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
        raise ValueError(f"must be a date, such as 2026-03-01: not {str(value)[:40]!r}.")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError(f"has {value}, which is not in the calendar.") from None
