"""Parser of recurrence rules as calendars write them (RFC 5545): RRULE with EXDATE, RDATE and DTSTART lines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from itertools import islice
from zoneinfo import ZoneInfo

from core.i18n import iana_zone
from schedules.recurrence_dates import FREQUENCIES, WEEKDAYS, Rule, Weekday, horizon, occurrences
from schedules.wall_clock import zone_named

PROPERTIES = ("RRULE", "EXDATE", "RDATE", "DTSTART")
PROPERTY = re.compile(rf"({'|'.join(PROPERTIES)})((?:;[^:\"]+|\"[^\"]*\")*):(.*)", re.IGNORECASE)
MAX_DATES = 1000
# The limits of the numbers of each part; negative numbers count from the end.
SIGNED_PARTS = {"BYMONTHDAY": 31, "BYYEARDAY": 366, "BYWEEKNO": 53, "BYSETPOS": 366}
# The hours of a day are those of its template, so calendars' own hour changes nothing.
IGNORED_PARTS = {"BYHOUR": 23, "BYMINUTE": 59, "BYSECOND": 59}
PARTS = ("FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY", "BYMONTH", *SIGNED_PARTS, *IGNORED_PARTS)
MOMENT = re.compile(r"(\d{8})(?:T(\d{6})(Z?))?", re.ASCII)


def dates_of(text: str, first: date, zone: ZoneInfo) -> list[date]:
    """Return the dates of the rule in `text` from `first` on; `zone` turns instants into dates.

    Raises ValueError, with the words for the operator.
    """
    lines = list(_properties(text))
    rules = [value for name, _, value in lines if name == "RRULE"]
    if len(rules) != 1:
        raise ValueError("must be one recurrence rule, such as FREQ=WEEKLY;BYDAY=SA;COUNT=8.")
    extra: set[date] = set()
    excluded: set[date] = set()
    for name, parameters, value in lines:
        if name == "DTSTART":
            _require_first(value, parameters, first, zone)
        elif name == "RDATE":
            extra.update(_date_values(name, value, parameters, zone))
        elif name == "EXDATE":
            excluded.update(_date_values(name, value, parameters, zone))
    found = (set(_bounded(_rule(rules[0], zone), first)) | extra) - excluded
    if not 1 <= len(found) <= MAX_DATES:
        raise ValueError(f"must leave 1 to {MAX_DATES} dates after RDATE and EXDATE, not {len(found)}.")
    return sorted(found)


def _bounded(rule: Rule, first: date) -> list[date]:
    found = list(islice(occurrences(rule, first), min(rule.count or MAX_DATES + 1, MAX_DATES + 1)))
    if len(found) > MAX_DATES:
        raise ValueError(f"gives more than {MAX_DATES} dates: end it with COUNT or UNTIL.")
    if not found:
        raise ValueError(f"matches no date from {first} on.")
    ends = rule.until is not None and rule.until <= horizon(first)
    if not ends and len(found) != rule.count:
        raise ValueError(f"goes on after {horizon(first).year}: end it with COUNT or UNTIL.")
    return found


def _properties(text: str) -> Iterator[tuple[str, str, str]]:
    """Yield name, parameters and value of each line; a line without a name is a rule."""
    for line in _unfolded(text):
        found = PROPERTY.fullmatch(line)
        if found:
            yield found[1].upper(), found[2], found[3].strip()
        elif re.match(r"FREQ\s*=|[A-Z]+=.*\bFREQ\s*=", line, re.IGNORECASE):
            yield "RRULE", "", line
        else:
            raise ValueError(f"has {_quoted(line)}; each line is a rule, EXDATE, RDATE or DTSTART.")


def _unfolded(text: str) -> list[str]:
    """Return the lines; one that begins with a blank continues the line before, unless it names a property."""
    lines: list[str] = []
    for line in text.replace("\ufeff", "").splitlines():
        is_continuation = line[:1] in (" ", "\t") and lines and not PROPERTY.match(line.strip())
        if is_continuation:
            lines[-1] += line[1:].rstrip()
        elif line.strip():
            lines.append(line.strip())
    return lines


def _rule(text: str, zone: ZoneInfo) -> Rule:
    parts = _parts(text)
    frequency = parts.get("FREQ", "")
    if frequency not in FREQUENCIES:
        raise ValueError(f"must have FREQ=DAILY, WEEKLY, MONTHLY or YEARLY, not {_quoted(frequency)}.")
    for name, most in IGNORED_PARTS.items():
        if len(_numbers(parts, name, 0, most)) > 1:
            raise ValueError(f"has several hours in {name}; the hours of a date are those of its [[days]].")
    numbers = {"BYMONTH": _numbers(parts, "BYMONTH", 1, 12)}
    for name, most in SIGNED_PARTS.items():
        numbers[name] = _numbers(parts, name, -most, most)
    until = None
    if "UNTIL" in parts:
        until = _moment("UNTIL", parts["UNTIL"], zone, zone)
    return Rule(
        frequency=frequency,
        interval=next(iter(_numbers(parts, "INTERVAL", 1, 9999)), 1),
        count=next(iter(_numbers(parts, "COUNT", 1, MAX_DATES)), None),
        until=until,
        week_start=_week_start(parts.get("WKST", "MO")),
        weekdays=_weekdays(parts.get("BYDAY", ""), frequency),
        parts=numbers,
    )


def _parts(text: str) -> Mapping[str, str]:
    parts: dict[str, str] = {}
    for part in text.split(";"):
        if not part.strip():
            continue
        name, _, value = re.sub(r"\s+", "", part.upper()).partition("=")
        if name not in PARTS:
            raise ValueError(f"has {_quoted(name)}, which is not known; known are {', '.join(PARTS)}.")
        if name in parts:
            raise ValueError(f"has {name} twice.")
        if not value:
            raise ValueError(f"has no value after {name}.")
        parts[name] = value
    return parts


def _numbers(parts: Mapping[str, str], name: str, least: int, most: int) -> list[int]:
    if name not in parts:
        return []
    numbers = []
    for item in parts[name].split(","):
        is_number = re.fullmatch(r"[+-]?\d{1,5}", item, re.ASCII)
        if not is_number or not least <= int(item) <= most or (int(item) == 0 and least < 0):
            raise ValueError(f"has {name}={_shortened(item)}; it must be a whole number {_span(least, most)}.")
        numbers.append(int(item))
    if len(numbers) > 1 and name in ("COUNT", "INTERVAL"):
        raise ValueError(f"has several numbers after {name}.")
    return numbers


def _span(least: int, most: int) -> str:
    if least < 0:
        return f"from 1 to {most}, or from {least} to -1"
    return f"from {least} to {most}"


def _weekdays(value: str, frequency: str) -> list[Weekday]:
    if not value:
        return []
    found = []
    for item in value.split(","):
        parsed = re.fullmatch(rf"([+-]?\d{{1,2}})?({'|'.join(WEEKDAYS)})", item, re.ASCII)
        if not parsed or (parsed[1] and not 1 <= abs(int(parsed[1])) <= 53):
            raise ValueError(f"has BYDAY={_shortened(item)}; it must be MO to SU, such as SA, or 2SA for the second.")
        if parsed[1] and frequency not in ("MONTHLY", "YEARLY"):
            raise ValueError(f"has BYDAY={item}; a number before the day needs FREQ=MONTHLY or YEARLY.")
        found.append(Weekday(WEEKDAYS.index(parsed[2]), int(parsed[1] or 0)))
    return found


def _week_start(value: str) -> int:
    if value not in WEEKDAYS:
        raise ValueError(f"has WKST={_shortened(value)}; it must be MO to SU.")
    return WEEKDAYS.index(value)


def _require_first(value: str, parameters: str, first: date, zone: ZoneInfo) -> None:
    given = _date_values("DTSTART", value, parameters, zone)
    if given != [first]:
        raise ValueError(f"has DTSTART {', '.join(map(str, given))}, but first is {first}.")


def _date_values(name: str, value: str, parameters: str, zone: ZoneInfo) -> list[date]:
    given = re.search(r";\s*TZID=\"?([^;\"]+)", parameters, re.IGNORECASE)
    written_in = zone
    if given:
        written_in = _calendar_zone(name, given[1].strip())
    items = filter(None, value.upper().replace(" ", "").split(","))
    return [_moment(name, item, written_in, zone) for item in items]


def _calendar_zone(name: str, given: str) -> ZoneInfo:
    """Return the zone of a TZID, which is an IANA name or one of Windows."""
    try:
        return zone_named(iana_zone(given))
    except ValueError:
        raise ValueError(f"has {name};TZID={_shortened(given)}, which is not in the IANA database.") from None


def _moment(name: str, value: str, written_in: ZoneInfo, zone: ZoneInfo) -> date:
    """Return the date in `zone` of a date, a local time in `written_in`, or an instant that ends in Z."""
    found = MOMENT.fullmatch(value)
    if not found:
        raise ValueError(f"has {name} {_quoted(value)}; it must be written like 20260331 or 20260331T215959Z.")
    try:
        day = datetime.strptime(found[1], "%Y%m%d").replace(tzinfo=UTC).date()
        if found[2] is None:
            return day
        wall = datetime.strptime(found[1] + found[2], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        raise ValueError(f"has {name} {value}, which is not in the calendar.") from None
    if not found[3]:
        wall = wall.replace(tzinfo=written_in)
    try:
        return wall.astimezone(zone).date()
    except OverflowError:
        return wall.date()


def _quoted(value: str) -> str:
    return f'"{_shortened(value)}"'


def _shortened(value: str) -> str:
    if len(value) <= 40:
        return value
    return f"{value[:40]}..."
