"""Change-stream consumer: one per process, over all collections with live data, in one order of positions.

Facts it rests on: a read with read concern `snapshot` returns its cluster time; a change stream can start at such a
time; an update carries the new values of the changed fields. So every state at every position is known without
another read, and is the same in every process. Only majority-committed changes are seen: nothing is rolled back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import attrgetter

from bson import Timestamp

from core import log
from core.clock import monotonic
from core.mongo.client import Db, Document
from core.mongo.failures import DatabaseError, is_unavailable
from live.broadcast_log import BroadcastLog
from live.change_cursor import ChangeCursor, ResumeToken
from live.change_documents import HISTORY_ENDS, build_stages, parse_write
from live.model import Position, Write
from live.snapshot import Snapshot
from live.topics.base import View

LOG = log.get_logger("live.change_stream")
MAX_AWAIT_MS = 1000  # how long the server waits for a change before it returns an empty batch
RETRY_PAUSE, PAUSE_AFTER_BUG = 0.25, 5.0  # seconds
IDLE_SECONDS = 1.0  # between two checks for a subscriber
MAX_OUTAGE_SECONDS = 30.0  # without the database, after which every subscriber gets a snapshot
# The first bytes of a resume token: the type of a timestamp, then the cluster time up to which everything was read.
TOKEN_TIME = re.compile(r"82([0-9A-Fa-f]{8})([0-9A-Fa-f]{8})")


class ChangeStreamConsumer:
    """Follows the writes that `views` select in `db`, and publishes their changes to `broadcast_log`."""

    def __init__(self, db: Db, views: Sequence[View], broadcast_log: BroadcastLog) -> None:
        self._db = db
        self._views = {selection.collection: view for view in views for selection in view.selections}
        self._stages = build_stages([selection for view in views for selection in view.selections])
        self._log = broadcast_log
        self._demand = broadcast_log.demand
        self._start = Timestamp(0, 0)
        self._last = Position(0, 0, 0)
        self._token: ResumeToken | None = None
        self._history_lost = True
        self._last_response = 0.0

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
        with ChangeCursor(self._db, self._resume_option(), self._stages) as cursor:
            while self._demand.running and self._demand.is_wanted():
                batch = cursor.next_batch(MAX_AWAIT_MS)
                self._last_response = monotonic()
                if any(change["operationType"] in HISTORY_ENDS for change in batch.changes):
                    self._history_lost = True
                    return
                self._publish(batch.changes)
                self._token = batch.token
                if not batch.changes:
                    self._advance(batch.token)

    def _resync(self) -> None:
        """Read the state of all views at one cluster time, and start a new epoch there."""
        snapshot = Snapshot(self._db)
        for view in dict.fromkeys(self._views.values()):
            view.reload(snapshot)
        self._start = snapshot.time
        self._token = None
        self._history_lost = False
        self._last = snapshot.position
        self._last_response = monotonic()
        self._log.begin(self._last)

    def _resume_option(self) -> Document:
        if self._token is None:
            return {"startAtOperationTime": self._start}
        return {"resumeAfter": self._token}

    def _publish(self, documents: Sequence[Document]) -> None:
        """Publish what the changes of a batch mean, one transaction after the other."""
        for _, transaction in groupby(self._writes(documents), key=_cluster_time):
            by_view: dict[View, list[Write]] = {}
            for write in transaction:
                by_view.setdefault(self._views[write.collection], []).append(write)
            changes = [change for view, writes in by_view.items() for change in view.apply(writes)]
            for change in sorted(changes, key=attrgetter("position")):
                self._log.publish(change)

    def _writes(self, documents: Sequence[Document]) -> Iterator[Write]:
        """Yield the writes after the start with their positions, numbered within their transactions."""
        for document in documents:
            time: Timestamp = document["clusterTime"]
            if time <= self._start:
                continue
            same_transaction = (time.time, time.inc) == self._last.time
            nth = self._last.nth + 1 if same_transaction else 1
            self._last = Position(time.time, time.inc, nth)
            yield parse_write(document, self._last)

    def _advance(self, token: ResumeToken) -> None:
        """Pass on the time in the resume token: no change before it is missing."""
        time = TOKEN_TIME.match(str(token.get("_data")))
        if time:
            self._log.advance_time((int(time[1], 16), int(time[2], 16)))


def _cluster_time(write: Write) -> tuple[int, int]:
    return write.position.time
