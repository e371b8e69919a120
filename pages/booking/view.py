"""View model of the booking page: a month of days and the slots of one day, each with its availability."""

from __future__ import annotations

import calendar
import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from core.i18n import ENGLISH, Language, format_date
from schedules.model import DateSummary, PlannedSlot, Schedule, Slot

# A slot with more places is not drawn place by place.
MAX_DRAWN = 10


class Level(StrEnum):
    """Availability of a day or a slot; UNKNOWN while the database is unavailable."""

    FREE = "free"
    FEW = "few"
    FULL = "full"
    CLOSED = "closed"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class DayCell:
    """A day of the month with the places of its open slots; `offered` if the schedule has it."""

    date: str
    number: int
    offered: bool = False
    seats: int = 0
    remaining: int = 0
    level: Level = Level.CLOSED
    # The most places that one of its slots has left.
    largest: int = 0

    @property
    def level_of_one(self) -> Level:
        """Return the availability of a day with places for a single guest."""
        return level(self.remaining, self.seats)

    @property
    def percent(self) -> int:
        """Return the taken share of the day."""
        if not self.seats:
            return 0
        return 100 * (self.seats - self.remaining) // self.seats


@dataclass(frozen=True)
class Month:
    """A month in weeks from Monday; `month` is YYYY-MM. Days of the adjacent months are None."""

    month: str
    name: str
    weeks: Sequence[Sequence[DayCell | None]]


@dataclass(frozen=True)
class SlotCard:
    """A slot that can be selected."""

    id: str
    date: str
    label: str
    capacity: int
    remaining: int
    level: Level

    @property
    def is_short(self) -> bool:
        """Return whether it has places, but too few for the party that sees it."""
        return self.level is Level.FULL and self.remaining > 0

    @property
    def seats(self) -> Sequence[bool]:
        """Return for each place whether it is taken; nothing if there are too many to draw."""
        if self.level is Level.UNKNOWN or self.capacity > MAX_DRAWN:
            return ()
        return [place < self.capacity - self.remaining for place in range(self.capacity)]


@dataclass(frozen=True)
class AvailabilityPage:
    """The schedule as the page shows it. `known` is False if the places could not be read."""

    months: Sequence[tuple[str, str]]
    month: Month
    date: str
    cards: Sequence[SlotCard]
    known: bool = True


def level(remaining: int, capacity: int) -> Level:
    """Return the availability; a third or less of the capacity is FEW."""
    if remaining == 0:
        return Level.FULL
    if remaining * 3 <= capacity:
        return Level.FEW
    return Level.FREE


def build(
    schedule: Schedule, days: Sequence[DateSummary], slots: Iterable[Slot], date: str, language: Language = ENGLISH
) -> AvailabilityPage:
    """Return the page of the month of `days`, with `date` selected, or no date."""
    cells = {day.date: _cell(day, _day_level(day)) for day in days}
    month = _month(days[0].date[:7], cells, language)
    return AvailabilityPage(_month_names(schedule, language), month, date, [card(slot) for slot in slots])


def nearest_dates(schedule: Schedule, date: str, now: datetime.datetime) -> Sequence[str]:
    """Return the last date before `date` and the first one after it that have hours to book."""
    earlier = ""
    for day in schedule.days:
        if not any(schedule.is_bookable_at(slot, now) for slot in day.slots):
            continue
        if day.date > date:
            return list(filter(None, (earlier, day.date)))
        earlier = day.date
    return list(filter(None, (earlier,)))


def build_unknown(schedule: Schedule, date: str, language: Language = ENGLISH) -> AvailabilityPage:
    """Return the page from the schedule alone, for when the remaining places are unknown."""
    cells = {}
    shown = (date or schedule.days[0].date)[:7]
    for day in schedule.days_by_month.get(shown, ()):
        cells[day.date] = _cell(DateSummary(day.date, day.name, day.seats, day.seats), Level.UNKNOWN)
    months = _month_names(schedule, language)
    selected = schedule.day_by_date.get(date)
    month = _month(shown, cells, language)
    if selected is None:
        return AvailabilityPage(months, month, "", [], known=False)
    cards = [_unknown_card(slot) for slot in selected.slots]
    return AvailabilityPage(months, month, date, cards, known=False)


def card(slot: Slot) -> SlotCard:
    state = Level.CLOSED if slot.closed else level(slot.remaining, slot.capacity)
    return SlotCard(slot.id, slot.date, slot.label, slot.capacity, slot.remaining, state)


def _unknown_card(slot: PlannedSlot) -> SlotCard:
    return SlotCard(slot.id, slot.date, slot.label, slot.capacity, slot.capacity, Level.UNKNOWN)


def _day_level(day: DateSummary) -> Level:
    if day.bookable_seats == 0 and day.closed:
        return Level.CLOSED
    return level(day.remaining, day.bookable_seats)


def _cell(day: DateSummary, state: Level) -> DayCell:
    number = int(day.date[8:])
    return DayCell(
        day.date,
        number,
        offered=True,
        seats=day.bookable_seats,
        remaining=day.remaining,
        level=state,
        largest=day.largest,
    )


def _month(month: str, cells: dict[str, DayCell], language: Language) -> Month:
    first = datetime.date.fromisoformat(f"{month}-01")
    dates = calendar.Calendar(firstweekday=calendar.MONDAY).monthdatescalendar(first.year, first.month)
    weeks = [_week(week, first.month, cells) for week in dates]
    return Month(month, _month_name(first.isoformat(), language), weeks)


def _week(days: Sequence[datetime.date], month: int, cells: dict[str, DayCell]) -> list[DayCell | None]:
    week: list[DayCell | None] = []
    for day in days:
        if day.month == month:
            week.append(cells.get(day.isoformat()) or DayCell(day.isoformat(), day.day))
        else:
            week.append(None)
    return week


def _month_names(schedule: Schedule, language: Language) -> list[tuple[str, str]]:
    return [(month, _month_name(days[0].date, language)) for month, days in schedule.days_by_month.items()]


def _month_name(day: str, language: Language) -> str:
    return format_date(language, day, language.month)
