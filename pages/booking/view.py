"""What the booking page shows of a schedule: a month of days and the slots of one, each with how full it is. Pure."""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from core.i18n import ENGLISH, Language, format_date
from schedules.model import DateSummary, Schedule, Slot

# So many places can be drawn beside each other, one by one.
MOST_DRAWN = 10


class Level(StrEnum):
    """How full a day or a slot is; UNKNOWN while the database is away."""

    FREE = "free"
    FEW = "few"
    FULL = "full"
    CLOSED = "closed"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class DayCell:
    """A day of the month with the places of its open hours; one that is not on the schedule has none."""

    date: str
    number: int
    offered: bool = False
    seats: int = 0
    remaining: int = 0
    level: Level = Level.CLOSED

    @property
    def percent(self) -> int:
        """Return how much of the day is taken, as the width of its bar."""
        return 100 * (self.seats - self.remaining) // self.seats if self.seats else 0


@dataclass(frozen=True)
class Month:
    """A month in weeks from Monday, None for days of the months beside it; `month` is YYYY-MM."""

    month: str
    name: str
    weeks: Sequence[Sequence[DayCell | None]]


@dataclass(frozen=True)
class SlotCard:
    """A slot as a card that can be chosen."""

    id: str
    date: str
    label: str
    capacity: int
    remaining: int
    level: Level

    @property
    def seats(self) -> Sequence[bool]:
        """Return for each place whether it is taken; nothing when there are too many to draw."""
        if self.level is Level.UNKNOWN or self.capacity > MOST_DRAWN:
            return ()
        return [place < self.capacity - self.remaining for place in range(self.capacity)]


@dataclass(frozen=True)
class AvailabilityPage:
    """The page's view of the schedule. `known` is False when places could not be read."""

    months: Sequence[tuple[str, str]]
    month: Month
    date: str
    cards: Sequence[SlotCard]
    known: bool = True


def level(remaining: int, capacity: int) -> Level:
    """Return how full it is; few are left from a third downwards."""
    if remaining == 0:
        return Level.FULL
    return Level.FEW if remaining * 3 <= capacity else Level.FREE


def build(
    days: Sequence[DateSummary], slots: Iterable[Slot], date: str, month: str, language: Language = ENGLISH
) -> AvailabilityPage:
    """Return the board with `date` chosen, or nothing; shows `month`, else the date's, else the first with places."""
    first = next((day.date for day in days if day.remaining), days[0].date)
    months = {day.date[:7]: _name(day.date, language) for day in days}
    shown = month if month in months else (date or first)[:7]
    cells = {day.date: _cell(day, level(day.remaining, day.bookable_seats)) for day in days}
    return AvailabilityPage(list(months.items()), _month(shown, cells, language), date, [card(slot) for slot in slots])


def build_unknown(schedule: Schedule, date: str, language: Language = ENGLISH) -> AvailabilityPage:
    """Return the page from the schedule alone, for when the remaining places are unknown."""
    shown = (date or schedule.days[0].date)[:7]
    plans = [DateSummary(day.date, day.name, day.seats, day.seats) for day in schedule.days]
    cells = {plan.date: _cell(plan, Level.UNKNOWN) for plan in plans}
    day = schedule.day_by_date.get(date)
    cards = [
        SlotCard(slot.id, slot.date, slot.label, slot.capacity, slot.capacity, Level.UNKNOWN)
        for slot in (day.slots if day else ())
    ]
    months = {plan.date[:7]: _name(plan.date, language) for plan in plans}
    return AvailabilityPage(
        list(months.items()), _month(shown, cells, language), date if day else "", cards, known=False
    )


def card(slot: Slot) -> SlotCard:
    """Return the card of a slot."""
    state = Level.CLOSED if slot.closed else level(slot.remaining, slot.capacity)
    return SlotCard(slot.id, slot.date, slot.label, slot.capacity, slot.remaining, state)


def _cell(day: DateSummary, state: Level) -> DayCell:
    return DayCell(
        day.date, int(day.date[8:]), offered=True, seats=day.bookable_seats, remaining=day.remaining, level=state
    )


def _month(month: str, cells: dict[str, DayCell], language: Language) -> Month:
    year, number = int(month[:4]), int(month[5:])
    weeks = [
        [
            cells.get(day.isoformat()) or DayCell(day.isoformat(), day.day) if day.month == number else None
            for day in week
        ]
        for week in calendar.Calendar(firstweekday=calendar.MONDAY).monthdatescalendar(year, number)
    ]
    return Month(month, _name(f"{month}-01", language), weeks)


def _name(day: str, language: Language) -> str:
    return format_date(language, day, language.month)
