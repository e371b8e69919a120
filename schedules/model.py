"""Schedules, days and slots as values, and the rules about them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from core.contact.model import DEFAULT_RULES, ContactRules
from schedules.details.model import NO_DETAILS, EventDetails

# One transaction may have to promote all entries, and its size is limited.
MAX_WAITING = 1000
MAX_ALTERNATIVES = 3
# Until so long before the last moment to book, released places are saved for the waiting list.
SAVING_ENDS = timedelta(hours=24)
# The schedule file may allow fewer.
MAX_SEATS_PER_BOOKING = 100


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
        """Return the slot without any booking."""
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
    """The texts of a schedule in one language: its name, the refusal of other dates, and the event's details."""

    name: str
    refusal: str
    details: EventDetails = NO_DETAILS


@dataclass(frozen=True)
class OmittedSlot:
    """Hours that a date does not have, because the clocks change; `reason` is `skipped` or `repeated`."""

    date: str
    hours: str
    reason: str


@dataclass(frozen=True)
class Schedule:
    """A schedule: its days in order, its texts, and its texts in other languages by language code."""

    id: str
    name: str
    timezone: str
    refusal: str
    days: tuple[Day, ...]
    cutoff: timedelta | None = None
    translations: Mapping[str, LocalizedText] = field(default_factory=dict)
    omitted: Sequence[OmittedSlot] = ()
    details: EventDetails = NO_DETAILS
    # The most places of one booking.
    seats_per_booking: int = 1
    contact_rules: ContactRules = DEFAULT_RULES

    def localized(self, language: str) -> LocalizedText:
        """Return the texts in `language`, or the schedule's own if it has no translation."""
        return self.translations.get(language, self._own)

    @cached_property
    def _own(self) -> LocalizedText:
        return LocalizedText(self.name, self.refusal, self.details)

    @cached_property
    def day_by_date(self) -> Mapping[str, Day]:
        """Return the days by their date."""
        return {day.date: day for day in self.days}

    @cached_property
    def days_by_month(self) -> Mapping[str, Sequence[Day]]:
        """Return the days by their month, YYYY-MM, in order."""
        months: dict[str, list[Day]] = {}
        for day in self.days:
            months.setdefault(day.date[:7], []).append(day)
        return months

    def days_near(self, date_: str, radius: int) -> Sequence[Day]:
        """Return the days at most `radius` days before or after `date_`, in order."""
        first = _moved(date_, -radius)
        last = _moved(date_, radius)
        return [day for day in self.days if first <= day.date <= last]

    @cached_property
    def slot_by_id(self) -> Mapping[str, PlannedSlot]:
        """Return the planned slots by their id."""
        return {slot.id: slot for day in self.days for slot in day.slots}

    def starts_at(self, date_: str, label: str) -> datetime:
        """Return the start of a slot by its date and label, also of one that the schedule no longer has."""
        start = time.fromisoformat(label.partition("-")[0])
        return datetime.combine(date.fromisoformat(date_), start, ZoneInfo(self.timezone)).astimezone(UTC)

    def ends_at(self, date_: str, label: str) -> datetime:
        """Return the end of a slot by its date and label, also of one that the schedule no longer has."""
        start, _, end = label.partition("-")
        day = date.fromisoformat(date_)
        if end <= start:
            day += timedelta(days=1)
        return datetime.combine(day, time.fromisoformat(end), ZoneInfo(self.timezone)).astimezone(UTC)

    def recent_day_bounds(self, now: datetime, days: int) -> list[tuple[str, datetime, datetime]]:
        """Return the last `days` days up to today in the schedule's zone: date, first moment and first one after it."""
        zone = ZoneInfo(self.timezone)
        today = now.astimezone(zone).date()
        bounds = []
        for back in range(days - 1, -1, -1):
            day = today - timedelta(days=back)
            bounds.append((day.isoformat(), _midnight(day, zone), _midnight(day + timedelta(days=1), zone)))
        return bounds

    def saves_places_at(self, slot: PlannedSlot, now: datetime) -> bool:
        """Return whether released places of `slot` are saved for its waiting list until they are enough."""
        return now < slot.starts_at - (self.cutoff or timedelta()) - SAVING_ENDS

    def is_bookable_at(self, slot: PlannedSlot, now: datetime) -> bool:
        """Return whether the cut-off before `slot`, if there is one, is still ahead of `now`."""
        return self.cutoff is None or now < slot.starts_at - self.cutoff


@dataclass(frozen=True)
class Slot:
    """The state of a slot in the database."""

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
    # How many of the free places only the waiting list gets.
    saved: int = 0

    @property
    def free(self) -> int:
        """Return how many places are not booked."""
        return max(0, self.capacity - self.booked_count)

    @property
    def remaining(self) -> int:
        """Return how many places can still be booked; a closed slot has none."""
        if self.closed:
            return 0
        return max(0, self.free - self.saved)

    @property
    def is_full(self) -> bool:
        """Whether the slot takes no bookings now."""
        return self.remaining == 0


@dataclass(frozen=True)
class DateSummary:
    """A bookable date with the sums of its slots."""

    date: str
    day: str
    seats: int
    remaining: int
    # The number of seats in slots that take no bookings; they may be free.
    closed: int = 0
    # The most places that one slot has left.
    largest: int = 0

    @property
    def bookable_seats(self) -> int:
        """Return how many of the seats can be booked, or have been."""
        return self.seats - self.closed


@dataclass(frozen=True)
class SlotChange:
    """A change of a slot by the back office; None leaves a value unchanged."""

    capacity: int | None = None
    closed: bool | None = None


@dataclass(frozen=True)
class QueueChange:
    """A change of a slot's waiting list: `leaving` entries, the `seats` that some of them get, and the saved places.

    None leaves the number of saved places unchanged.
    """

    slot_id: str
    leaving: int
    seats: int = 0
    saved: int | None = None


def nearest(slots: Iterable[Slot], to: PlannedSlot, seats: int = 1) -> list[Slot]:
    """Return up to three of `slots` that have `seats` places: the same day's first, then by days and hours."""
    free = [slot for slot in slots if slot.remaining >= seats and slot.id != to.id]
    return sorted(free, key=lambda slot: _distance(slot, to))[:MAX_ALTERNATIVES]


def _moved(date_: str, days: int) -> str:
    """Return the date so many days later, or the first or last date that there is."""
    ordinal = date.fromisoformat(date_).toordinal() + days
    return date.fromordinal(min(max(ordinal, 1), date.max.toordinal())).isoformat()


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return the first instant of `day`, also where the clocks change at midnight."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _distance(slot: Slot, to: PlannedSlot) -> tuple[int, int, str]:
    days = abs((date.fromisoformat(slot.date) - date.fromisoformat(to.date)).days)
    return days, abs(_minutes(slot.start) - _minutes(to.start)), slot.date + slot.start


def _minutes(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])
