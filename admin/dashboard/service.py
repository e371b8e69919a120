"""Dashboard: sums over slots, bookings and e-mails, and the data of its charts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from admin.dashboard import chart_data
from admin.dashboard.chart_data import ChartData
from admin.dashboard.daily_counts import IncrementalCounter
from core.clock import Clock
from core.i18n import Language
from notifications.outbox.service import Outbox
from schedules.model import Slot
from schedules.service import Schedules

DAYS_SHOWN = 28


@dataclass(frozen=True)
class Dashboard:
    """Sums over slots, bookings and e-mails."""

    schedules: Schedules
    count_bookings_between: Callable[[datetime, datetime], int]
    outbox: Outbox
    clock: Clock

    @cached_property
    def _count(self) -> IncrementalCounter:
        return IncrementalCounter(self.count_bookings_between, self.clock)

    def charts(self, language: Language) -> list[ChartData]:
        """Return the data of the charts: occupancy by slot, bookings of the last days, e-mails by state."""
        days = self.schedules.schedule.recent_day_bounds(self.clock(), DAYS_SHOWN)
        dates = [date for date, _, _ in days]
        counts = self._count.of([(first, end) for _, first, end in days])
        return [
            chart_data.occupancy_by_slot(self.schedules.all_slots(), language),
            chart_data.bookings_per_day(list(zip(dates, counts, strict=True)), language),
            chart_data.emails_by_status(self.outbox.counts(), language),
        ]

    def stats(self) -> Mapping[str, Any]:
        """Return seats, booked places and what can still be booked in all, by day and by hour, and e-mails by state."""
        slots = self.schedules.all_slots()
        return {
            "seats": sum(slot.capacity for slot in slots),
            "booked": sum(slot.booked_count for slot in slots),
            "remaining": self.schedules.bookable_places(slots),
            "byDay": _sums(slots, lambda slot: (("date", slot.date), ("day", slot.day))),
            "byHour": sorted(_sums(slots, lambda slot: (("hour", slot.start),)), key=lambda row: str(row["hour"])),
            "letters": self.outbox.counts(),
        }


def _sums(slots: Sequence[Slot], name: Callable[[Slot], tuple[tuple[str, str], ...]]) -> list[dict[str, Any]]:
    sums: dict[tuple[tuple[str, str], ...], list[int]] = {}
    for slot in slots:
        row = sums.setdefault(name(slot), [0, 0])
        row[0] += slot.capacity
        row[1] += slot.booked_count
    return [{**dict(names), "seats": seats, "booked": booked} for names, (seats, booked) in sums.items()]
