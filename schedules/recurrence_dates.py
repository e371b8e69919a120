"""Recurrence rules (RFC 5545) by days: the dates of a rule, in a bounded search.

A rule yields the days of each period (day, week, month or year) that all of its BY parts match.
"""

from __future__ import annotations

import calendar
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
# The search ends so long after the first date, also for a rule that matches no date.
HORIZON_YEARS = 50
LAST_YEAR = 2999
ONE_DAY = timedelta(days=1)

Test = Callable[[date], bool]


@dataclass(frozen=True)
class Weekday:
    """A weekday (0 is Monday); `nth` counts within the month or year, from its end if negative, and 0 is each."""

    day: int
    nth: int = 0


@dataclass(frozen=True)
class Rule:
    """A recurrence rule; `until` is the last possible date, `parts` are the BY parts with numbers."""

    frequency: str
    interval: int = 1
    count: int | None = None
    until: date | None = None
    week_start: int = 0
    weekdays: Sequence[Weekday] = ()
    parts: Mapping[str, Sequence[int]] = field(default_factory=dict)

    def numbers(self, part: str) -> Sequence[int]:
        return self.parts.get(part, ())


def horizon(first: date) -> date:
    """Return the date at which the search for dates ends."""
    return date(min(first.year + HORIZON_YEARS, LAST_YEAR), 12, 31)


def occurrences(rule: Rule, first: date) -> Iterator[date]:
    """Yield the dates of `rule` from `first` on, until its end or the horizon; COUNT is the caller's."""
    last = min(rule.until or date.max, horizon(first))
    matches = _tests(rule, first)
    for days in _periods(rule, first, last):
        found = days
        for test in matches:
            found = list(filter(test, found))
        for day in _at_positions(found, rule.numbers("BYSETPOS")):
            if first <= day <= last:
                yield day


def _periods(rule: Rule, first: date, last: date) -> Iterator[Sequence[date]]:
    """Yield the days of each `interval`-th period that begins by `last`."""
    start = _period_start(rule, first)
    while start <= last:
        following = _next_period(rule.frequency, start, 1)
        yield [start + step * ONE_DAY for step in range((following - start).days)]
        start = _next_period(rule.frequency, start, rule.interval)


def _period_start(rule: Rule, first: date) -> date:
    if rule.frequency == "YEARLY":
        return first.replace(month=1, day=1)
    if rule.frequency == "MONTHLY":
        return first.replace(day=1)
    if rule.frequency == "WEEKLY":
        return first - ((first.weekday() - rule.week_start) % 7) * ONE_DAY
    return first


def _next_period(frequency: str, start: date, interval: int) -> date:
    try:
        if frequency == "YEARLY":
            return start.replace(year=start.year + interval)
        if frequency == "MONTHLY":
            months = start.year * 12 + start.month - 1 + interval
            return date(months // 12, months % 12 + 1, 1)
        if frequency == "WEEKLY":
            return start + interval * 7 * ONE_DAY
        return start + interval * ONE_DAY
    except (ValueError, OverflowError):
        return date.max


def _at_positions(days: Sequence[date], positions: Sequence[int]) -> Sequence[date]:
    if not positions:
        return days
    wanted: set[date] = set()
    for position in positions:
        if position > 0:
            wanted.update(days[position - 1 : position])
        elif -position <= len(days):
            wanted.add(days[position])
    return sorted(wanted)


def _tests(rule: Rule, first: date) -> list[Test]:
    """Return the tests of the BY parts; a rule without any repeats the day of `first`."""
    tests: list[Test] = []
    months = rule.numbers("BYMONTH")
    if months:
        tests.append(lambda day: day.month in months)
    month_days = rule.numbers("BYMONTHDAY")
    if month_days:
        tests.append(lambda day: not {day.day, day.day - 1 - _days_in_month(day)}.isdisjoint(month_days))
    year_days = rule.numbers("BYYEARDAY")
    if year_days:
        tests.append(lambda day: not _year_days(day).isdisjoint(year_days))
    weeks = rule.numbers("BYWEEKNO")
    if weeks:
        tests.append(lambda day: not _week_numbers(day, rule.week_start).isdisjoint(weeks))
    if rule.weekdays:
        tests.append(_weekday_test(rule))
    if not (month_days or year_days or weeks or rule.weekdays):
        tests.extend(_default_tests(rule, first))
    return tests


def _default_tests(rule: Rule, first: date) -> list[Test]:
    if rule.frequency == "DAILY":
        return []
    if rule.frequency == "WEEKLY":
        return [lambda day: day.weekday() == first.weekday()]
    tests: list[Test] = [lambda day: day.day == first.day]
    if rule.frequency == "YEARLY" and not rule.numbers("BYMONTH"):
        tests.append(lambda day: day.month == first.month)
    return tests


def _weekday_test(rule: Rule) -> Test:
    wanted = set(rule.weekdays)
    if rule.frequency == "YEARLY" and not rule.numbers("BYMONTH"):
        return lambda day: not wanted.isdisjoint(_weekdays(day, _year_day(day), _days_in_year(day)))
    return lambda day: not wanted.isdisjoint(_weekdays(day, day.day, _days_in_month(day)))


def _weekdays(day: date, place: int, size: int) -> set[Weekday]:
    """Return the weekday of `day`, also by its number in a month or year of `size` days, where it is the `place`-th."""
    weekday = day.weekday()
    return {Weekday(weekday), Weekday(weekday, (place - 1) // 7 + 1), Weekday(weekday, -((size - place) // 7) - 1)}


def _days_in_month(day: date) -> int:
    return calendar.monthrange(day.year, day.month)[1]


def _days_in_year(day: date) -> int:
    return 365 + calendar.isleap(day.year)


def _year_day(day: date) -> int:
    return day.timetuple().tm_yday


def _year_days(day: date) -> set[int]:
    return {_year_day(day), _year_day(day) - 1 - _days_in_year(day)}


def _week_numbers(day: date, week_start: int) -> set[int]:
    """Return the number of the day's week from the beginning and from the end of its year of weeks."""
    # A week belongs to the year that has its fourth day.
    middle = day - ((day.weekday() - week_start) % 7 - 3) * ONE_DAY
    number = (_year_day(middle) - 1) // 7 + 1
    weeks_left = (_days_in_year(middle) - _year_day(middle)) // 7
    return {number, -1 - weeks_left}
