"""What goes over the wire of `text/event-stream`: snapshots, updates, and the ids that a client resumes from."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

import orjson

from core.clock import Clock
from core.ids import deterministic_id
from live.model import Change, Position, decode
from schedules.model import Schedule, Slot
from schedules.schemas import SlotSchema

HEARTBEAT = b": still here\n\n"
# Milliseconds until a client whose stream ended comes back: spread, so that not all of them come at once.
SOONEST_RETRY, LATEST_RETRY = 1000, 3000
SHOWN = SlotSchema(many=True)


@dataclass(frozen=True)
class Messages:
    """Makes the messages about one schedule in one database."""

    schedule: Schedule
    database: str
    clock: Clock

    def update(self, change: Change) -> bytes:
        """Return the `slotUpdate` of a change."""
        slot = self._as_of_now(change.slot)
        told = {
            "slotId": slot.id,
            "date": slot.date,
            "bookedCount": slot.booked_count,
            "capacity": slot.capacity,
            "remaining": slot.remaining,
            "isFull": slot.is_full,
            "closed": slot.closed,
        }
        return self._message("slotUpdate", slot.date, change.position, orjson.dumps(told))

    def snapshot(self, date: str, position: Position, slots: Sequence[Slot]) -> bytes:
        """Return the `snapshot` of `date`: its slots as `GET /api/slots` shows them."""
        shown = SHOWN.dump([self._as_of_now(slot) for slot in slots])
        return self._message("snapshot", date, position, orjson.dumps(shown))

    def position(self, date: str, message_id: str) -> Position | None:
        """Return the position that a message about `date` had; None when no message of ours has such an id."""
        return decode(message_id, self._tag(date))

    def _message(self, event: str, date: str, position: Position, told: bytes) -> bytes:
        head = f"id: {position.encode(self._tag(date))}\nevent: {event}\ndata: "
        return head.encode() + told + b"\n\n"

    def _tag(self, date: str) -> str:
        return deterministic_id("live", self.database, self.schedule.id, date)[:8]

    def _as_of_now(self, slot: Slot) -> Slot:
        """Return `slot` closed when its cut-off is past."""
        planned = self.schedule.slot_by_id[slot.id]
        return slot if self.schedule.is_bookable_at(planned, self.clock()) else replace(slot, closed=True)


def told(message: bytes) -> bytes:
    """Return the JSON in a message."""
    return message.partition(b"\ndata: ")[2]


def retry() -> bytes:
    """Return when a client whose stream ended shall come back."""
    return b"retry: %d\n\n" % random.randint(SOONEST_RETRY, LATEST_RETRY)  # noqa: S311 # nosec B311 # jitter
