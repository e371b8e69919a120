"""Format of `text/event-stream`: snapshots, updates, and the ids from which a client resumes."""

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
# Milliseconds until a client reconnects: random, so that not all of them reconnect at once.
MIN_RETRY, MAX_RETRY = 1000, 3000
SLOT_LIST = SlotSchema(many=True)


@dataclass(frozen=True)
class Messages:
    """Serialises the messages about one schedule in one database."""

    schedule: Schedule
    database: str
    clock: Clock

    def update(self, change: Change) -> bytes:
        """Return the `slotUpdate` of a change."""
        slot = self._effective(change.slot)
        update = {
            "slotId": slot.id,
            "date": slot.date,
            "bookedCount": slot.booked_count,
            "capacity": slot.capacity,
            "remaining": slot.remaining,
            "isFull": slot.is_full,
            "closed": slot.closed,
        }
        return self._message("slotUpdate", slot.date, change.position, orjson.dumps(update))

    def snapshot(self, date: str, position: Position, slots: Sequence[Slot]) -> bytes:
        """Return the `snapshot` of `date`: its slots in the shape of `GET /api/slots`."""
        items = SLOT_LIST.dump([self._effective(slot) for slot in slots])
        return self._message("snapshot", date, position, orjson.dumps(items))

    def position(self, date: str, message_id: str) -> Position | None:
        """Return the position in a message id about `date`; None for an id of another origin."""
        return decode(message_id, self._tag(date))

    def _message(self, event: str, date: str, position: Position, data: bytes) -> bytes:
        head = f"id: {position.encode(self._tag(date))}\nevent: {event}\ndata: "
        return head.encode() + data + b"\n\n"

    def _tag(self, date: str) -> str:
        return deterministic_id("live", self.database, self.schedule.id, date)[:8]

    def _effective(self, slot: Slot) -> Slot:
        """Return `slot`, closed when its cut-off has passed."""
        planned = self.schedule.slot_by_id[slot.id]
        if self.schedule.is_bookable_at(planned, self.clock()):
            return slot
        return replace(slot, closed=True)


def payload(message: bytes) -> bytes:
    """Return the JSON in a message."""
    return message.partition(b"\ndata: ")[2]


def retry() -> bytes:
    """Return the message that sets the client's delay before it reconnects."""
    return b"retry: %d\n\n" % random.randint(MIN_RETRY, MAX_RETRY)  # noqa: S311 # nosec B311 # jitter
