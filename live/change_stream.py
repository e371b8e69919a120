"""Change-stream consumer: one per process, with consistent reads of slots at a known cluster time.

Facts it rests on: a read with read concern `snapshot` returns its cluster time; a change stream can start at such a
time; an update carries the new values of the changed fields. So every slot's state at every position is known without
another read, and is the same in every process. Only majority-committed changes are seen: nothing is rolled back.
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
INVALIDATE = "invalidate"  # the collection was dropped or renamed
FIELDS = ("capacity", "bookedCount", "closed")
MAX_AWAIT_MS = 1000  # how long the server waits for a change before it returns an empty batch
RETRY_PAUSE, PAUSE_AFTER_BUG = 0.25, 5.0  # seconds
IDLE_SECONDS = 1.0  # between two checks for a subscriber
MAX_OUTAGE_SECONDS = 30.0  # without the database, after which every subscriber gets a snapshot
MAX_FILTERED_IDS = 10_000  # slot ids in the server's filter; with more, it sends other schedules' changes too
# The first bytes of a resume token: the type of a timestamp, then the cluster time up to which everything was read.
TOKEN_TIME = re.compile(r"82([0-9A-Fa-f]{8})([0-9A-Fa-f]{8})")


class SlotChangeStream:
    """Follows the slots of `schedule` in `db` and publishes their changes to `broadcast_log`."""

    def __init__(self, db: Db, schedule: Schedule, broadcast_log: BroadcastLog) -> None:
        self._db = db
        self._schedule = schedule
        self._log = broadcast_log
        self._demand = broadcast_log.demand
        self._slots: dict[str, Slot] = {}
        self._start = Timestamp(0, 0)
        self._last = Position(0, 0, 0)
        self._token: Mapping[str, Any] | None = None
        self._history_lost = True
        self._last_response = 0.0

    def read(self, date: str) -> tuple[Position, list[Slot]]:
        """Return the slots of `date` in order of start and their position; slots without a document are free."""
        planned = self._schedule.day_by_date[date].slots
        at, found = self._find({"_id": {"$in": [slot.id for slot in planned]}})
        return Position(at.time, at.inc, END), [found.get(slot.id) or slot.initial_slot() for slot in planned]

    def run(self) -> None:
        """Publish changes until the log is closed; survive database errors, and sleep without subscribers."""
        self._demand.open()
        self._last_response = monotonic()
        while self._demand.running:
            if not self._demand.is_wanted():
                self._history_lost = True  # Changes are not read meanwhile: the next subscriber starts an epoch.
                self._demand.wait_until_wanted(IDLE_SECONDS)
                continue
            try:
                self._follow()
            except DatabaseError as error:
                self._handle_error(error)
                self._demand.wait_for_end(RETRY_PAUSE)
            except Exception:  # boundary of the loop: it must not end, and subscribers must not miss a change
                LOG.exception("live_failed")
                self._history_lost = True
                self._demand.wait_for_end(PAUSE_AFTER_BUG)

    def _handle_error(self, error: DatabaseError) -> None:
        """Resume where the stream was, or give up the history so that every subscriber gets a snapshot."""
        resumable = is_unavailable(error) or error.has_error_label("ResumableChangeStreamError")
        outage = monotonic() - self._last_response
        if not self._history_lost and (not resumable or outage > MAX_OUTAGE_SECONDS):
            self._history_lost = True
            LOG.warning("live_history_lost", error=type(error).__name__, code=getattr(error, "code", None))
        else:
            LOG.warning("live_interrupted", error=type(error).__name__)

    def _follow(self) -> None:
        if self._history_lost:
            self._resync()
        with self._stream() as stream:
            while self._demand.running and self._demand.is_wanted():
                change = stream.try_next()
                self._last_response = monotonic()
                self._token = stream.resume_token or self._token
                if change is None:
                    self._advance()
                elif change["operationType"] == INVALIDATE:
                    self._history_lost = True
                    return
                else:
                    self._apply(change)

    def _resync(self) -> None:
        """Read all slots, and start a new epoch at the read's cluster time."""
        at, self._slots = self._find({"schedule": self._schedule.id})
        self._start = at
        self._token = None
        self._history_lost = False
        self._last = Position(at.time, at.inc, END)
        self._last_response = monotonic()
        self._log.begin(self._last)

    def _stream(self) -> ChangeStream[Document]:
        start: dict[str, Any] = {"start_at_operation_time": self._start}
        if self._token is not None:
            start = {"resume_after": self._token}
        pipeline = _pipeline(list(self._schedule.slot_by_id))
        return self._db[SLOTS].watch(pipeline, max_await_time_ms=MAX_AWAIT_MS, **start)

    def _apply(self, change: Mapping[str, Any]) -> None:
        time: Timestamp = change["clusterTime"]
        same_transaction = (time.time, time.inc) == self._last.time
        nth = self._last.nth + 1 if same_transaction else 1
        position = Position(time.time, time.inc, nth)
        planned = self._schedule.slot_by_id.get(change["documentKey"]["_id"])
        if position.time <= (self._start.time, self._start.inc) or planned is None:
            return
        values = change.get("fullDocument") or change["updateDescription"]["updatedFields"]
        slot = _updated(self._slots.get(planned.id) or planned.initial_slot(), values)
        self._last = position
        self._slots[planned.id] = slot
        self._log.publish(Change(position, slot))

    def _advance(self) -> None:
        """Pass on the time in the resume token: no change before it is missing."""
        time = TOKEN_TIME.match(str((self._token or {}).get("_data")))
        if time:
            self._log.advance_time((int(time[1], 16), int(time[2], 16)))

    def _find(self, query: Document) -> tuple[Timestamp, dict[str, Slot]]:
        """Return the slots by id and their cluster time, from a single batch."""
        planned = self._schedule.slot_by_id
        command = {
            "find": SLOTS,
            "filter": query,
            "projection": dict.fromkeys(FIELDS, 1),
            "batchSize": len(planned) + 1,
            "singleBatch": True,
            "readConcern": {"level": "snapshot"},
        }
        answer = self._db.command(command)
        documents: Sequence[Document] = answer["cursor"]["firstBatch"]
        # A collection that does not exist has no cluster time of its own.
        at = answer["cursor"].get("atClusterTime") or answer["operationTime"]
        return at, {d["_id"]: _updated(planned[d["_id"]].initial_slot(), d) for d in documents if d["_id"] in planned}


def _pipeline(slot_ids: list[str]) -> list[Document]:
    """Return the stages that select and project the changes of FIELDS in the slots of `slot_ids`."""
    changed = [{f"updateDescription.updatedFields.{name}": {"$exists": True}} for name in FIELDS]
    wanted: Document = {
        "operationType": {"$in": ["insert", "replace", "update"]},
        "$or": [{"operationType": {"$ne": "update"}}, *changed],
    }
    if len(slot_ids) <= MAX_FILTERED_IDS:
        wanted["documentKey._id"] = {"$in": slot_ids}
    values = [f"{path}.{name}" for path in ("fullDocument", "updateDescription.updatedFields") for name in FIELDS]
    return [
        {"$match": {"$or": [wanted, {"operationType": INVALIDATE}]}},
        {"$project": dict.fromkeys(["operationType", "clusterTime", "documentKey", *values], 1)},
    ]


def _updated(slot: Slot, values: Mapping[str, Any]) -> Slot:
    return replace(
        slot,
        capacity=values.get("capacity", slot.capacity),
        booked_count=values.get("bookedCount", slot.booked_count),
        closed=values.get("closed", slot.closed),
    )
