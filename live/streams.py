"""Event streams: a generator of messages per subscriber, and the supervision of all connections."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from core import metrics
from core.concurrency.single_flight import single_flight_read
from core.mongo.failures import DatabaseError
from live.broadcast_log import BroadcastLog, LoggedEvent, ReadCursor, advance, compact
from live.change_stream import SlotChangeStream
from live.connection_limits import ConnectionLimiter
from live.sse_format import HEARTBEAT, Messages, retry
from schedules.errors import DateNotBookable
from schedules.model import Day, Schedule

HEARTBEAT_SECONDS = 15.0
# The pause after a write: changes during it are sent together. It bounds the work during a rush.
BATCH_PAUSE_SECONDS = 0.1
MAX_BATCH = 32  # events in one write; of more, only the last of each slot is sent
WAKE_SECONDS = 1.0  # how long the first subscriber waits for the change stream; then it gets a second snapshot
SNAPSHOT_RETRY_SECONDS = 1.0
SUPERVISE_SECONDS, DRAIN_SECONDS = 0.25, 0.75


@dataclass(frozen=True)
class LiveStreams:
    """The streams of this process."""

    broadcast_log: BroadcastLog
    change_stream: SlotChangeStream
    messages: Messages
    limiter: ConnectionLimiter
    heartbeat: float = HEARTBEAT_SECONDS

    @property
    def schedule(self) -> Schedule:
        """Return the schedule whose slots are streamed."""
        return self.messages.schedule

    def open(self, date: str, last_id: str) -> Iterator[bytes]:
        """Return the messages about `date` after the message `last_id`, or from a snapshot on if the id is unknown.

        Raises DateNotBookable, and the database's errors when a snapshot is needed and cannot be read. Without a
        running change stream the messages end after the snapshot, and the client reconnects.
        """
        day = self.schedule.day_by_date.get(date)
        if day is None:
            raise DateNotBookable(self.schedule.refusal)
        self.broadcast_log.demand.wake(WAKE_SECONDS)
        past_cutoff = self._past_cutoff(day)
        cursor = self._resume(day, last_id)
        if cursor is not None:
            return self._stream(day, cursor, past_cutoff, b"")
        metrics.LIVE_SNAPSHOTS.labels("opened").inc()
        cursor, snapshot = self._snapshots(date)
        return self._stream(day, cursor, past_cutoff, snapshot)

    def supervise(self, alive: Callable[[], bool]) -> None:
        """Close stalled connections while `alive()`; then end all streams, and abort those that do not drain."""
        while alive():
            self.limiter.close_stalled()
            time.sleep(SUPERVISE_SECONDS)
        self.broadcast_log.close()
        time.sleep(DRAIN_SECONDS)
        self.limiter.close_stalled(0)

    @cached_property
    def _snapshots(self) -> Callable[[str], tuple[ReadCursor, bytes]]:
        return single_flight_read(self._read)

    def _read(self, date: str) -> tuple[ReadCursor, bytes]:
        # The epoch from before the read: changes of a newer epoch must not count as read.
        epoch = self.broadcast_log.epoch
        position, slots = self.change_stream.read(date)
        return ReadCursor(epoch, position), self.messages.snapshot(date, position, slots)

    def _resume(self, day: Day, last_id: str) -> ReadCursor | None:
        position = self.messages.position(day.date, last_id)
        if position is None:
            return None
        # A cut-off is no write: a client that was disconnected when it passed needs a snapshot.
        then = datetime.fromtimestamp(position.seconds, UTC)
        if self._past_cutoff(day, then) != self._past_cutoff(day):
            return None
        return self.broadcast_log.resume(day.date, position)

    def _stream(self, day: Day, cursor: ReadCursor, past_cutoff: int, first: bytes) -> Iterator[bytes]:
        demand = self.broadcast_log.demand
        demand.subscribe()
        try:
            yield retry() + first
            yield from self._events(day, cursor, past_cutoff)
        finally:
            demand.unsubscribe()

    def _events(self, day: Day, cursor: ReadCursor, past_cutoff: int) -> Iterator[bytes]:
        demand = self.broadcast_log.demand
        while demand.running:
            changed = self.broadcast_log.changed(day.date)
            events = self.broadcast_log.since(day.date, cursor)
            now_past_cutoff = self._past_cutoff(day)
            if events is None or now_past_cutoff != past_cutoff:
                snapshot = self._resync(day.date, "gap" if events is None else "cutoff")
                if snapshot is None:
                    yield HEARTBEAT
                    demand.wait_for_end(SNAPSHOT_RETRY_SECONDS)
                else:
                    cursor, message = snapshot
                    past_cutoff = now_past_cutoff
                    yield message
            elif events:
                cursor = advance(cursor, events)
                yield _joined(events)
                time.sleep(BATCH_PAUSE_SECONDS)
            elif not changed.wait(self.heartbeat):
                yield HEARTBEAT

    def _resync(self, date: str, reason: str) -> tuple[ReadCursor, bytes] | None:
        """Return a snapshot that the log continues without a gap, or None while there is none."""
        try:
            cursor, snapshot = self._snapshots(date)
        except DatabaseError:
            return None
        if not self.broadcast_log.is_contiguous_from(date, cursor):
            return None  # read from a server that is behind, or the history was lost again
        metrics.LIVE_SNAPSHOTS.labels(reason).inc()
        return cursor, snapshot

    def _past_cutoff(self, day: Day, moment: datetime | None = None) -> int:
        """Return how many slots of `day` were closed by the cut-off at `moment`, now by default."""
        if self.schedule.cutoff is None:
            return 0
        at = moment or self.messages.clock()
        return sum(not self.schedule.is_bookable_at(slot, at) for slot in day.slots)


def _joined(events: list[LoggedEvent]) -> bytes:
    if len(events) > MAX_BATCH:
        events = compact(events)
    return b"".join(event.message for event in events)
