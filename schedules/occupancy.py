"""Occupancy of a schedule's days: the slots as they are now, and those that are offered instead of full ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from core.clock import Clock
from schedules.model import DateSummary, Day, PlannedSlot, Schedule, Slot, nearest
from schedules.store import SlotStore

# A search for slots with places widens to so many times its days.
WIDENING = 3


class OpenSlots:
    """The slots before their cut-off, read once, and which of them are offered instead of full ones."""

    def __init__(self, slots: Sequence[Slot]) -> None:
        self._slots = {slot.id: slot for slot in slots}
        # By slot and number of places.
        self._nearest: dict[tuple[str, int], list[str]] = {}

    def near(self, slot: PlannedSlot, seats: int = 1) -> list[Slot]:
        """Return up to three with `seats` free places near `slot`."""
        wanted = (slot.id, seats)
        if wanted not in self._nearest:
            self._nearest[wanted] = [other.id for other in nearest(self._slots.values(), slot, seats)]
        return [self._slots[slot_id] for slot_id in self._nearest[wanted]]

    def claim(self, claims: Mapping[str, int]) -> None:
        """Take places that were claimed since; `claims` are counts by slot id."""
        for slot_id in claims.keys() & self._slots.keys():
            slot = self._slots[slot_id]
            claimed = replace(slot, booked_count=slot.booked_count + claims[slot_id])
            self._slots[slot_id] = claimed
            if any(claimed.remaining < seats <= slot.remaining for _, seats in self._nearest):
                self._nearest = {}


@dataclass(frozen=True)
class Occupancy:
    """Reads the places of days; a slot without a document has its initial state and is not created."""

    schedule: Schedule
    store: SlotStore
    clock: Clock

    def states(self, days: Sequence[Day]) -> list[Slot]:
        """Return the slots of neighbouring `days` in order."""
        if not days:
            return []
        made = {slot.id: slot for slot in self.store.between(self.schedule.id, days[0].date, days[-1].date)}
        return [made.get(plan.id) or plan.initial_slot() for day in days for plan in day.slots]

    def by_month(self) -> Iterator[list[Slot]]:
        """Yield the slots of each month in order; a month is read when it is asked for.

        So a long schedule is never in memory as a whole.
        """
        for month in self.schedule.days_by_month:
            yield self.in_month(month)

    def in_month(self, month: str) -> list[Slot]:
        """Return the slots of a month of the schedule, YYYY-MM, in order."""
        return self.states(self.schedule.days_by_month[month])

    def summaries(self, days: Sequence[Day]) -> list[DateSummary]:
        """Return neighbouring `days` with their places."""
        now = {slot.id: slot for slot in self.effective_slots(days)}
        return [_summary(day, [now[planned.id] for planned in day.slots]) for day in days]

    def near(self, date: str, enough: int) -> list[Slot]:
        """Return the slots of the days near `date`: of more days until `enough` have places for the largest party."""
        radius = 1
        while True:
            days = self.schedule.days_near(date, radius)
            slots = self.effective_slots(days)
            with_places = [slot for slot in slots if slot.remaining >= self.schedule.seats_per_booking]
            if len(with_places) >= enough or len(days) == len(self.schedule.days):
                return slots
            radius *= WIDENING

    def first_open_month(self) -> str:
        """Return the first month with places, YYYY-MM, or the first month."""
        for month, days in self.schedule.days_by_month.items():
            if any(day.remaining for day in self.summaries(days)):
                return month
        return self.schedule.days[0].date[:7]

    def effective_slots(self, days: Sequence[Day]) -> list[Slot]:
        """Return the slots of neighbouring `days` in order, closed when their cut-off is past."""
        return [self.effective(slot) for slot in self.states(days)]

    def effective(self, slot: Slot) -> Slot:
        """Return `slot` closed when its cut-off is past."""
        planned = self.schedule.slot_by_id[slot.id]
        if self.schedule.is_bookable_at(planned, self.clock()):
            return slot
        return replace(slot, closed=True)


def _summary(day: Day, slots: Sequence[Slot]) -> DateSummary:
    return DateSummary(
        date=day.date,
        day=day.name,
        seats=sum(slot.capacity for slot in slots),
        remaining=sum(slot.remaining for slot in slots),
        closed=sum(slot.capacity for slot in slots if slot.closed),
        largest=max(slot.remaining for slot in slots),
    )
