"""Slots of a date as a topic: a snapshot in the shape of `GET /api/slots`, and a `slotUpdate` for every change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any

import orjson

from core.clock import Clock
from core.mongo.client import Db
from live.model import Change, Position, Write
from live.snapshot import Snapshot
from live.sse_format import MessageFormat
from live.topics.base import Selection
from schedules.model import Day, PlannedSlot, Schedule, Slot
from schedules.schemas import SlotSchema

SLOTS = "slots"
FIELDS = ("capacity", "bookedCount", "closed", "saved")
UPDATE = "slotUpdate"
SLOT_LIST = SlotSchema(many=True)


@dataclass(frozen=True)
class SlotMessages:
    """Serialises the messages about one schedule in one database."""

    schedule: Schedule
    database: str
    clock: Clock

    def update(self, position: Position, slot: Slot) -> Change:
        """Return the change with the `slotUpdate` of `slot`."""
        shown = self._effective(slot)
        update = {
            "slotId": shown.id,
            "date": shown.date,
            "bookedCount": shown.booked_count,
            "capacity": shown.capacity,
            "remaining": shown.remaining,
            "isFull": shown.is_full,
            "closed": shown.closed,
        }
        message = self.formats[slot.date].message(UPDATE, position, orjson.dumps(update))
        return Change(position, slot.date, slot.id, UPDATE, message)

    def snapshot(self, date: str, position: Position, slots: Sequence[Slot]) -> bytes:
        """Return the `snapshot` of `date`."""
        items = SLOT_LIST.dump([self._effective(slot) for slot in slots])
        return self.formats[date].message("snapshot", position, orjson.dumps(items))

    @cached_property
    def formats(self) -> Mapping[str, MessageFormat]:
        """Return the formats by date."""
        return {day.date: MessageFormat((self.database, self.schedule.id, day.date)) for day in self.schedule.days}

    def _effective(self, slot: Slot) -> Slot:
        """Return `slot`, closed when its cut-off has passed."""
        planned = self.schedule.slot_by_id[slot.id]
        if self.schedule.is_bookable_at(planned, self.clock()):
            return slot
        return replace(slot, closed=True)


class SlotView:
    """The slots of the schedule after each write; slots without a document are free."""

    def __init__(self, messages: SlotMessages) -> None:
        self._messages = messages
        self._planned = messages.schedule.slot_by_id
        self._slots: dict[str, Slot] = {}
        self.selections = (Selection(SLOTS, FIELDS, list(self._planned)),)

    def reload(self, snapshot: Snapshot) -> None:
        """Replace the slots by those of `snapshot`."""
        documents = snapshot.find(SLOTS, FIELDS, {"schedule": self._messages.schedule.id})
        self._slots = _slots(self._planned, documents)

    def apply(self, writes: Sequence[Write]) -> list[Change]:
        """Return a change for each write."""
        changes = []
        for write in writes:
            planned = self._planned.get(write.id)
            if planned is not None:
                slot = self._after(write, planned)
                self._slots[write.id] = slot
                changes.append(self._messages.update(write.position, slot))
        return changes

    def _after(self, write: Write, planned: PlannedSlot) -> Slot:
        slot = self._slots.get(write.id)
        if slot is None or write.values is None:
            slot = planned.initial_slot()
        return _updated(slot, write.values or {})


class SlotTopic:
    """The slots of one date."""

    def __init__(self, db: Db, messages: SlotMessages, day: Day) -> None:
        self.name = day.date
        self._db = db
        self._messages = messages
        self._day = day

    def read(self) -> tuple[Position, bytes]:
        """Return the snapshot of the slots in order of start, and its position."""
        planned = {slot.id: slot for slot in self._day.slots}
        snapshot = Snapshot(self._db)
        found = _slots(planned, snapshot.find(SLOTS, FIELDS, {"_id": {"$in": list(planned)}}))
        slots = [found.get(slot.id) or slot.initial_slot() for slot in self._day.slots]
        return snapshot.position, self._messages.snapshot(self.name, snapshot.position, slots)

    def position(self, message_id: str) -> Position | None:
        """Return the position in a message id about this date."""
        return self._messages.formats[self.name].position(message_id)

    def past_cutoff(self, moment: datetime | None = None) -> int:
        """Return how many slots were closed by the cut-off at `moment`, now by default."""
        schedule = self._messages.schedule
        if schedule.cutoff is None:
            return 0
        at = moment or self._messages.clock()
        return sum(not schedule.is_bookable_at(slot, at) for slot in self._day.slots)


def _slots(planned: Mapping[str, PlannedSlot], documents: Sequence[Mapping[str, Any]]) -> dict[str, Slot]:
    """Return the slots of `documents` that are planned, by id."""
    return {d["_id"]: _updated(planned[d["_id"]].initial_slot(), d) for d in documents if d["_id"] in planned}


def _updated(slot: Slot, values: Mapping[str, Any]) -> Slot:
    return replace(
        slot,
        capacity=values.get("capacity", slot.capacity),
        booked_count=values.get("bookedCount", slot.booked_count),
        closed=values.get("closed", slot.closed),
        saved=values.get("saved", slot.saved),
    )
