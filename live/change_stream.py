"""The one reader of the database's change stream in a process, and of slots at a known position in its order.

Facts this rests on: a read with read concern `snapshot` tells the cluster time it is true of; a change stream can begin
at such a time; an update tells the new values of what it changed. So the state of every slot at every position is known
without reading it again, and is the same in every process. Only what a majority has is seen: nothing is rolled back.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bson import Timestamp
from pymongo.change_stream import ChangeStream

from core import log
from core.clock import monotonic
from core.mongo.client import Db, Document
from core.mongo.failures import DatabaseError, is_unavailable
from live.broadcast_log import BroadcastLog
from live.model import END, Change, Position
from schedules.model import Schedule, Slot

LOG = log.get_logger("live.change_stream")
SLOTS = "slots"
GONE = "invalidate"  # the collection was dropped or renamed
FIELDS = ("capacity", "bookedCount", "closed")
PATIENCE_MS = 1000  # how long the server waits for a change before it says that there is none
PAUSE, PAUSE_AFTER_BUG = 0.25, 5.0  # seconds
ASLEEP = 1.0  # seconds without a reader between two looks at whether one has come
LONG_AWAY = 30.0  # seconds without the database after which everybody begins anew
MOST_NAMED = 10_000  # slots that the server is told by name; beyond that it sends those of other schedules too
# How a resume token begins: the type of a time stamp, then the cluster time up to which everything was read.
TOKEN_TIME = re.compile(r"82([0-9A-Fa-f]{8})([0-9A-Fa-f]{8})")


class SlotChangeStream:
    """Follows the slots of `schedule` in `db` and tells `feed`."""

    def __init__(self, db: Db, schedule: Schedule, feed: BroadcastLog) -> None:
        """Ask the database nothing yet."""
        self._db, self._schedule, self._feed = db, schedule, feed
        self._standing: dict[str, Slot] = {}
        self._start = Timestamp(0, 0)
        self._last = Position(0, 0, 0)
        self._token: Mapping[str, Any] | None = None
        self._broken = True
        self._heard = 0.0

    def read(self, date: str) -> tuple[Position, list[Slot]]:
        """Return the slots of `date` in order of start, and the position they stand at; those not made yet are free."""
        planned = self._schedule.day_by_date[date].slots
        at, found = self._find({"_id": {"$in": [slot.id for slot in planned]}})
        return Position(at.time, at.inc, END), [found.get(slot.id) or slot.initial_slot() for slot in planned]

    def run(self) -> None:
        """Feed the feed until it is closed, whatever becomes of the database; sleep as long as nobody reads."""
        self._feed.open()
        self._heard = monotonic()
        while self._feed.running:
            if not self._feed.is_wanted():
                self._broken = True  # What happens meanwhile is not known: the next reader begins a new era.
                self._feed.wait_until_wanted(ASLEEP)
                continue
            try:
                self._follow()
            except DatabaseError as error:
                self._handle_error(error)
                self._feed.wait_for_end(PAUSE)
            except Exception:  # the edge of the loop: it must not end, and the readers must not miss anything
                LOG.exception("live_failed")
                self._broken = True
                self._feed.wait_for_end(PAUSE_AFTER_BUG)

    def _handle_error(self, error: DatabaseError) -> None:
        """Decide whether the stream can go on where it was, or history is lost and everybody begins anew."""
        away = is_unavailable(error) or error.has_error_label("ResumableChangeStreamError")
        if not self._broken and (not away or monotonic() - self._heard > LONG_AWAY):
            self._broken = True
            LOG.warning("live_history_lost", error=type(error).__name__, code=getattr(error, "code", None))
        else:
            LOG.warning("live_interrupted", error=type(error).__name__)

    def _follow(self) -> None:
        if self._broken:
            self._begin()
        with self._stream() as stream:
            while self._feed.running and self._feed.is_wanted():
                change = stream.try_next()
                self._heard, self._token = monotonic(), stream.resume_token or self._token
                if change is None:
                    self._rest()
                elif change["operationType"] == GONE:
                    self._broken = True
                    return
                else:
                    self._take(change)

    def _begin(self) -> None:
        at, self._standing = self._find({"schedule": self._schedule.id})
        self._start, self._token, self._broken = at, None, False
        self._last = Position(at.time, at.inc, END)
        self._heard = monotonic()
        self._feed.begin(self._last)

    def _stream(self) -> ChangeStream[Document]:
        begin: dict[str, Any] = {"start_at_operation_time": self._start}
        if self._token is not None:
            begin = {"resume_after": self._token}
        return self._db[SLOTS].watch(self._pipeline(), max_await_time_ms=PATIENCE_MS, **begin)

    def _pipeline(self) -> list[Document]:
        changed = [{f"updateDescription.updatedFields.{name}": {"$exists": True}} for name in FIELDS]
        wanted: Document = {
            "operationType": {"$in": ["insert", "replace", "update"]},
            "$or": [{"operationType": {"$ne": "update"}}, *changed],
        }
        if len(self._schedule.slot_by_id) <= MOST_NAMED:
            wanted["documentKey._id"] = {"$in": list(self._schedule.slot_by_id)}
        wanted = {"$or": [wanted, {"operationType": GONE}]}
        fields = [f"{place}.{name}" for place in ("fullDocument", "updateDescription.updatedFields") for name in FIELDS]
        return [
            {"$match": wanted},
            {"$project": dict.fromkeys(["operationType", "clusterTime", "documentKey", *fields], 1)},
        ]

    def _take(self, change: Mapping[str, Any]) -> None:
        time: Timestamp = change["clusterTime"]
        same = (time.time, time.inc) == self._last.time
        position = Position(time.time, time.inc, self._last.nth + 1 if same else 1)
        planned = self._schedule.slot_by_id.get(change["documentKey"]["_id"])
        if position.time <= (self._start.time, self._start.inc) or planned is None:
            return
        values = change.get("fullDocument") or change["updateDescription"]["updatedFields"]
        slot = _changed(self._standing.get(planned.id) or planned.initial_slot(), values)
        self._last, self._standing[planned.id] = position, slot
        self._feed.publish(Change(position, slot))

    def _rest(self) -> None:
        time = TOKEN_TIME.match(str((self._token or {}).get("_data")))
        if time:
            self._feed.advance((int(time[1], 16), int(time[2], 16)))

    def _find(self, which: Document) -> tuple[Timestamp, dict[str, Slot]]:
        """Return the slots by id, and the cluster time they are true of, all in one answer."""
        command = {
            "find": SLOTS,
            "filter": which,
            "projection": dict.fromkeys(FIELDS, 1),
            "batchSize": len(self._schedule.slot_by_id) + 1,
            "singleBatch": True,
            "readConcern": {"level": "snapshot"},
        }
        answer = self._db.command(command)
        documents: Sequence[Document] = answer["cursor"]["firstBatch"]
        plan = self._schedule.slot_by_id
        # A collection that does not exist has nothing to be true of any time.
        at = answer["cursor"].get("atClusterTime") or answer["operationTime"]
        return at, {d["_id"]: _changed(plan[d["_id"]].initial_slot(), d) for d in documents if d["_id"] in plan}


def _changed(slot: Slot, values: Mapping[str, Any]) -> Slot:
    return replace(
        slot,
        capacity=values.get("capacity", slot.capacity),
        booked_count=values.get("bookedCount", slot.booked_count),
        closed=values.get("closed", slot.closed),
    )
