"""Consistency check: recounts booked places and waiting-list entries, and compares them with each slot's counters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from booking.store import BookingStore
from booking.waitlist_order import WaitlistOrder
from core.mongo.client import Client
from schedules.model import Slot
from schedules.service import Schedules
from waitlist.store import WaitlistStore


@dataclass(frozen=True)
class FindMismatches:
    """Finds slots whose counters are wrong."""

    client: Client
    bookings: BookingStore
    schedules: Schedules
    entries: WaitlistStore
    order: WaitlistOrder

    def execute(self) -> list[dict[str, Any]]:
        """Return a row for each slot whose counters differ from one snapshot of its bookings and entries.

        A slot is a mismatch too if an entry waits for places that it could have, or places are saved without need.
        """
        with self.client.start_session(snapshot=True) as snapshot:
            booked = self.bookings.active_by_slot(snapshot)
            waiting = self.entries.count_by_slot(snapshot)
            slots = self.schedules.store.all(snapshot)
            misplaced = {slot.id for slot in slots if self.order.is_wrong(snapshot, slot)}
        mismatched = [slot for slot in slots if slot.id in misplaced or _is_mismatched(slot, booked, waiting)]
        unknown = (booked.keys() | waiting.keys()) - {slot.id for slot in slots}
        rows = [_mismatch_row(slot, booked.get(slot.id, 0), waiting.get(slot.id, 0)) for slot in mismatched]
        rows += [
            {"slotId": slot_id, "bookedCount": None, "bookings": booked.get(slot_id, 0)} for slot_id in sorted(unknown)
        ]
        return rows


def _is_mismatched(slot: Slot, booked: Mapping[str, int], waiting: Mapping[str, int]) -> bool:
    counts_agree = slot.booked_count == booked.get(slot.id, 0) and slot.waiting == waiting.get(slot.id, 0)
    return not counts_agree or slot.booked_count > slot.capacity


def _mismatch_row(slot: Slot, bookings: int, waiting: int) -> dict[str, Any]:
    row = {"slotId": slot.id, "bookedCount": slot.booked_count, "bookings": bookings, "capacity": slot.capacity}
    if slot.waiting or waiting:
        row |= {"waiting": slot.waiting, "entries": waiting}
    if slot.saved:
        row["saved"] = slot.saved
    return row
