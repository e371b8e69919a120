"""Dashboard: sums over slots, bookings and e-mails, and the data of its charts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from admin.dashboard import chart_data
from admin.dashboard.chart_data import ChartData
from admin.dashboard.daily_counts import IncrementalCounter
from admin.dashboard.totals import Totals
from core.clock import Clock
from core.errors import Invalid
from core.i18n import Language
from notifications.outbox.service import Outbox
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

    def month_or_default(self, month: str) -> str:
        """Return `month`, YYYY-MM, or without one the first month with places.

        Raises Invalid for a month that the schedule does not have.
        """
        if not month:
            return self.schedules.open_month()
        if month not in self.schedules.schedule.days_by_month:
            raise Invalid(errors={"month": ["Must be a month of the schedule, such as 2026-03."]})
        return month

    def charts(self, language: Language, month: str) -> list[ChartData]:
        """Return the data of the charts: occupancy of a month, bookings of the last days, e-mails by state."""
        days = self.schedules.schedule.recent_day_bounds(self.clock(), DAYS_SHOWN)
        dates = [date for date, _, _ in days]
        counts = self._count.of([(first, end) for _, first, end in days])
        return [
            self._occupancy(month, language),
            chart_data.bookings_per_day(list(zip(dates, counts, strict=True)), language),
            chart_data.emails_by_status(self.outbox.counts(), language),
        ]

    def _occupancy(self, month: str, language: Language) -> ChartData:
        slots = self.schedules.occupancy.in_month(month)
        if len(self.schedules.schedule.days_by_month) == 1:
            return chart_data.occupancy_by_slot(slots, language)
        return chart_data.occupancy_by_slot(slots, language, month=month)

    def stats(self) -> Mapping[str, Any]:
        """Return seats, booked places and what can still be booked in all, by day and by hour, and e-mails by state."""
        totals = Totals()
        for slots in self.schedules.occupancy.by_month():
            totals.add(slots, self.schedules.bookable_places(slots))
        return {**totals.members(), "letters": self.outbox.counts()}
