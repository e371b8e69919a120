"""Schedule service: dates, slots, and alternatives to full slots."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from core.clock import Clock
from core.concurrency.ttl_cache import TTLCache
from core.errors import Invalid, Unavailable
from core.mongo.failures import DatabaseError
from schedules.errors import DateNotBookable, SlotClosed, SlotNotFound
from schedules.model import DateSummary, Day, PlannedSlot, Schedule, Slot
from schedules.occupancy import Occupancy, OpenSlots
from schedules.store import SlotStore

ALTERNATIVES_SECONDS = 0.5
# The slots of a schedule with at most so many are read at once, for every date.
SMALL_SCHEDULE = 500
ALL_DATES = ""
# So many slots with places near a full one are read: some of them may be claimed before the cache expires.
ENOUGH_OPEN = 32
# Pages look so often for the first month with places.
OPEN_MONTH_SECONDS = 2.0


@dataclass(frozen=True)
class Schedules:
    """The use cases of the one schedule this service offers."""

    schedule: Schedule
    store: SlotStore
    clock: Clock

    @cached_property
    def occupancy(self) -> Occupancy:
        """The slots as they are now, by days and months."""
        return Occupancy(self.schedule, self.store, self.clock)

    @cached_property
    def _open_slots(self) -> TTLCache[str, OpenSlots]:
        """The open slots near each date, or all of a small schedule."""
        return TTLCache(self._read_open_slots, ALTERNATIVES_SECONDS)

    @cached_property
    def _open_month(self) -> TTLCache[str, str]:
        return TTLCache(lambda _: self.occupancy.first_open_month(), OPEN_MONTH_SECONDS)

    def dates(self) -> list[DateSummary]:
        """Return every date with its places; a slot without a document counts as free and is not created."""
        found: list[DateSummary] = []
        for month in self.schedule.days_by_month:
            found += self.dates_in(month)
        return found

    def dates_in(self, month: str) -> list[DateSummary]:
        """Return the dates of a month of the schedule, YYYY-MM, with their places."""
        return self.occupancy.summaries(self.schedule.days_by_month[month])

    def open_month(self) -> str:
        """Return the first month with places, YYYY-MM, cached for some seconds; the first month if there is none."""
        months = list(self.schedule.days_by_month)
        if len(months) == 1:
            return months[0]
        return self._open_month(self.schedule.id)

    def slots_on(self, date: str) -> list[Slot]:
        """Return the slots of `date` and create missing documents; raises DateNotBookable."""
        day = self.schedule.day_by_date.get(date)
        if day is None:
            raise DateNotBookable(self.schedule.refusal)
        slots = self._bookable_on(day)
        if len(slots) < len(day.slots):
            self.store.ensure(day.slots)
            slots = self._bookable_on(day)
        return slots

    def get_plan(self, slot_id: str) -> PlannedSlot:
        """Return the plan of a slot; raises SlotNotFound."""
        try:
            return self.schedule.slot_by_id[slot_id]
        except KeyError:
            raise SlotNotFound from None

    def require_open(self, slot: PlannedSlot) -> None:
        """Raise SlotClosed when the cut-off before `slot` is past."""
        if not self.schedule.is_bookable_at(slot, self.clock()):
            raise SlotClosed

    def require_seats(self, seats: int) -> None:
        """Raise Invalid if so many places cannot be booked together."""
        most = self.schedule.seats_per_booking
        if seats > most:
            raise Invalid(errors={"seats": [f"At most {most} can be booked together."]})

    def get_states(self, slot_ids: Iterable[str]) -> Mapping[str, Slot]:
        """Return the majority-committed state of the slots by id; missing documents are created."""
        wanted = set(slot_ids)
        found = self.store.find(wanted)
        missing = wanted - found.keys()
        if not missing:
            return found
        self.store.ensure([self.get_plan(slot_id) for slot_id in missing])
        made = self.store.find(wanted)
        if len(made) < len(wanted):
            raise Unavailable(retry_after=1)  # Another process is making them.
        return made

    def promotable_places(self, slot: Slot) -> int:
        """Return how many places the waiting list of `slot` can get now: none after its cut-off."""
        planned = self.schedule.slot_by_id.get(slot.id)
        if planned is None or not self.schedule.is_bookable_at(planned, self.clock()):
            return 0
        if slot.closed or not slot.waiting:
            return 0
        return slot.free

    def saves_places(self, slot: Slot) -> bool:
        """Return whether released places of `slot` are saved for its waiting list now."""
        planned = self.schedule.slot_by_id.get(slot.id)
        return planned is not None and self.schedule.saves_places_at(planned, self.clock())

    def alternatives(self, slot: PlannedSlot, seats: int = 1) -> list[Slot]:
        """Return up to three slots near `slot` with `seats` places to book, cached for half a second."""
        near = slot.date
        if len(self.schedule.slot_by_id) <= SMALL_SCHEDULE:
            near = ALL_DATES
        return self._open_slots(near).near(slot, seats)

    def alternative_offers(self, slot: PlannedSlot, seats: int = 1) -> list[Mapping[str, Any]]:
        """Return the alternatives to a full slot as JSON values; none while the database is unavailable."""
        with suppress(DatabaseError):
            return [
                {"slotId": other.id, "date": other.date, "label": other.label, "remaining": other.remaining}
                for other in self.alternatives(slot, seats)
            ]
        return []

    def claim_alternatives(self, claims: Mapping[str, int]) -> None:
        """Take committed claims, counts by slot id, off the cached alternatives.

        Released places are offered when the cache expires: they may belong to the waiting list.
        """
        for near in self._open_slots.values():
            near.claim(claims)

    def invalidate_alternatives(self) -> None:
        """Invalidate the cached alternatives, as slots were closed or have another capacity."""
        self._open_slots.invalidate()

    def orphaned_slots(self) -> list[Slot]:
        """Return the slots with bookings whose date or hours are no longer in the schedule file, in order."""
        return [slot for slot in self.store.with_bookings(self.schedule.id) if not self._plans(slot)]

    def bookable_places(self, slots: Iterable[Slot]) -> int:
        """Return how many places of the schedule's `slots` can be booked now."""
        return sum(self.occupancy.effective(slot).remaining for slot in slots)

    def _read_open_slots(self, date: str) -> OpenSlots:
        self._open_slots.drop_expired()
        if date == ALL_DATES:
            return OpenSlots(self.occupancy.effective_slots(self.schedule.days))
        return OpenSlots(self.occupancy.near(date, ENOUGH_OPEN))

    def _plans(self, slot: Slot) -> bool:
        planned = self.schedule.slot_by_id.get(slot.id)
        return planned is not None and planned.label == slot.label

    def _bookable_on(self, day: Day) -> list[Slot]:
        planned = {slot.id for slot in day.slots}
        found = self.store.on_date(self.schedule.id, day.date)
        return [self.occupancy.effective(slot) for slot in found if slot.id in planned]
