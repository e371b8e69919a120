"""Schedules, days and slots as values, and the rules about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from itertools import pairwise
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class PlannedSlot:
    """A slot as the schedule plans it; `date` is YYYY-MM-DD, `start` and `end` are HH:MM in the schedule's zone."""

    id: str
    schedule: str
    date: str
    day: str
    start: str
    end: str
    starts_at: datetime
    capacity: int

    @property
    def label(self) -> str:
        """Return the hours as people read them: `10:00-11:00`."""
        return f"{self.start}-{self.end}"

    def initial_slot(self) -> Slot:
        """Return the slot as it stands before anybody has asked for it."""
        return Slot(
            id=self.id,
            date=self.date,
            day=self.day,
            start=self.start,
            end=self.end,
            label=self.label,
            capacity=self.capacity,
            booked_count=0,
            closed=False,
        )


@dataclass(frozen=True)
class Day:
    """A date with the slots its template gives it, in order of start."""

    date: str
    name: str
    slots: tuple[PlannedSlot, ...]

    @property
    def seats(self) -> int:
        """Return how many places the plan has on this day."""
        return sum(slot.capacity for slot in self.slots)


@dataclass(frozen=True)
class LocalizedText:
    """What a schedule says in one language: its name, and how dates outside it are refused."""

    name: str
    refusal: str


@dataclass(frozen=True)
class Schedule:
    """What a schedule file says: the days in order, its words, and its words in other languages by their code."""

    id: str
    name: str
    timezone: str
    refusal: str
    days: tuple[Day, ...]
    cutoff: timedelta | None = None
    translations: Mapping[str, LocalizedText] = field(default_factory=dict)

    def localized(self, language: str) -> LocalizedText:
        """Return the schedule's words in a language; its own where it is not translated."""
        return self.translations.get(language, self._own)

    @cached_property
    def _own(self) -> LocalizedText:
        return LocalizedText(self.name, self.refusal)

    @cached_property
    def day_by_date(self) -> Mapping[str, Day]:
        """Return the days by their date."""
        return {day.date: day for day in self.days}

    @cached_property
    def slot_by_id(self) -> Mapping[str, PlannedSlot]:
        """Return the planned slots by their id."""
        return {slot.id: slot for day in self.days for slot in day.slots}

    def ends_at(self, date_: str, label: str) -> datetime:
        """Return when the slot of these hours on a date ends, also when the schedule no longer has it."""
        start, _, end = label.partition("-")
        day = date.fromisoformat(date_) + timedelta(days=0 if end > start else 1)
        return datetime.combine(day, time.fromisoformat(end), ZoneInfo(self.timezone)).astimezone(UTC)

    def recent_day_bounds(self, now: datetime, days: int) -> list[tuple[str, datetime, datetime]]:
        """Return the last `days` days up to today in the schedule's zone: date, first moment and first one after it."""
        zone = ZoneInfo(self.timezone)
        today = now.astimezone(zone).date()
        dates = [today - timedelta(days=back) for back in range(days - 1, -2, -1)]
        starts = [datetime.combine(day, time(), zone).astimezone(UTC) for day in dates]
        return [(day.isoformat(), *span) for day, span in zip(dates, pairwise(starts), strict=False)]

    def is_bookable_at(self, slot: PlannedSlot, now: datetime) -> bool:
        """Return whether the cut-off before `slot`, if there is one, is still ahead of `now`."""
        return self.cutoff is None or now < slot.starts_at - self.cutoff


@dataclass(frozen=True)
class Slot:
    """A slot as it stands in the database."""

    id: str
    date: str
    day: str
    start: str
    end: str
    label: str
    capacity: int
    booked_count: int
    closed: bool
    waiting: int = 0

    @property
    def remaining(self) -> int:
        """Return how many places can still be booked; a closed slot has none."""
        return 0 if self.closed else max(0, self.capacity - self.booked_count)

    @property
    def is_full(self) -> bool:
        """Whether the slot takes no bookings now."""
        return self.remaining == 0


@dataclass(frozen=True)
class DateSummary:
    """A bookable date with its places in sum."""

    date: str
    day: str
    seats: int
    remaining: int
    # The number of seats in slots that take no bookings; they may be free.
    closed: int = 0

    @property
    def bookable_seats(self) -> int:
        """Return how many of the seats can be booked, or have been."""
        return self.seats - self.closed


@dataclass(frozen=True)
class SlotChange:
    """What the back office wants of a slot; None leaves a value as it is."""

    capacity: int | None = None
    closed: bool | None = None


def nearest(slots: list[Slot], to: PlannedSlot, most: int = 3) -> list[Slot]:
    """Return up to `most` of `slots` that have places: the same day's first, then by distance in days and hours."""
    free = [slot for slot in slots if slot.remaining > 0 and slot.id != to.id]
    return sorted(free, key=lambda slot: _distance(slot, to))[:most]


def _distance(slot: Slot, to: PlannedSlot) -> tuple[int, int, str]:
    days = abs((date.fromisoformat(slot.date) - date.fromisoformat(to.date)).days)
    return days, abs(_minutes(slot.start) - _minutes(to.start)), slot.date + slot.start


def _minutes(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])
