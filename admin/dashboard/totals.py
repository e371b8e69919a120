"""Totals of slots by day and by hour, summed up month by month."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from schedules.model import Slot


@dataclass
class Sums:
    """Places of some slots."""

    seats: int = 0
    booked: int = 0

    def add(self, slot: Slot) -> None:
        """Count a slot."""
        self.seats += slot.capacity
        self.booked += slot.booked_count


@dataclass
class Totals:
    """Sums of all slots that were added; `remaining` places can still be booked."""

    all: Sums = field(default_factory=Sums)
    remaining: int = 0
    # By date and name of the day, and by start.
    by_day: dict[tuple[str, str], Sums] = field(default_factory=dict)
    by_hour: dict[str, Sums] = field(default_factory=dict)

    def add(self, slots: Iterable[Slot], remaining: int) -> None:
        """Add slots that have `remaining` places together."""
        self.remaining += remaining
        for slot in slots:
            self.all.add(slot)
            self.by_day.setdefault((slot.date, slot.day), Sums()).add(slot)
            self.by_hour.setdefault(slot.start, Sums()).add(slot)

    def members(self) -> Mapping[str, Any]:
        """Return the sums as JSON members; days are in the order in which they were added."""
        return {
            **vars(self.all),
            "remaining": self.remaining,
            "byDay": self._days(),
            "byHour": self._hours(),
        }

    def _days(self) -> Sequence[Mapping[str, Any]]:
        return [{"date": date, "day": name, **vars(sums)} for (date, name), sums in self.by_day.items()]

    def _hours(self) -> Sequence[Mapping[str, Any]]:
        return [{"hour": hour, **vars(sums)} for hour, sums in sorted(self.by_hour.items())]
