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
from live.broadcast_log import BroadcastLog, ReadCursor, advance, compact
from live.change_stream import ChangeStreamConsumer
from live.connection_limits import ConnectionLimiter
from live.model import Change
from live.sse_format import HEARTBEAT, retry
from live.topics.base import Topic
from live.topics.catalogue import Topics

HEARTBEAT_SECONDS = 15.0
# The pause after a write: changes during it are sent together. It bounds the work during a rush.
BATCH_PAUSE_SECONDS = 0.1
MAX_BATCH = 32  # changes in one write; of more, only the last of each slot or event is sent
WAKE_SECONDS = 1.0  # how long the first subscriber waits for the change stream; then it gets a second snapshot
SNAPSHOT_RETRY_SECONDS = 1.0
SUPERVISE_SECONDS, DRAIN_SECONDS = 0.25, 0.75


@dataclass(frozen=True)
class LiveStreams:
    """The streams of this process."""

    broadcast_log: BroadcastLog
    change_stream: ChangeStreamConsumer
    topics: Topics
    limiter: ConnectionLimiter
    heartbeat: float = HEARTBEAT_SECONDS

    def open(self, topic: Topic, last_id: str) -> Iterator[bytes]:
        """Return the messages of `topic` after the message `last_id`, or from a snapshot on if the id is unknown.

        Raises the database's errors when a snapshot is needed and cannot be read. Without a running change stream the
        messages end after the snapshot, and the client reconnects.
        """
        self.broadcast_log.demand.wake(WAKE_SECONDS)
        past_cutoff = topic.past_cutoff()
        cursor = self._resume(topic, last_id)
        if cursor is not None:
            return self._stream(topic, cursor, past_cutoff, b"")
        metrics.LIVE_SNAPSHOTS.labels("opened").inc()
        cursor, snapshot = self._snapshots(topic)
        return self._stream(topic, cursor, past_cutoff, snapshot)

    def supervise(self, alive: Callable[[], bool]) -> None:
        """Close stalled connections while `alive()`; then end all streams, and abort those that do not drain."""
        while alive():
            self.limiter.close_stalled()
            time.sleep(SUPERVISE_SECONDS)
        self.broadcast_log.close()
        time.sleep(DRAIN_SECONDS)
        self.limiter.close_stalled(0)

    @cached_property
    def _snapshots(self) -> Callable[[Topic], tuple[ReadCursor, bytes]]:
        return single_flight_read(self._read)

    def _read(self, topic: Topic) -> tuple[ReadCursor, bytes]:
        # The epoch from before the read: changes of a newer epoch must not count as read.
        epoch = self.broadcast_log.epoch
        position, message = topic.read()
        return ReadCursor(epoch, position), message

    def _resume(self, topic: Topic, last_id: str) -> ReadCursor | None:
        position = topic.position(last_id)
        if position is None:
            return None
        # A cut-off is no write: a client that was disconnected when it passed needs a snapshot.
        then = datetime.fromtimestamp(position.seconds, UTC)
        if topic.past_cutoff(then) != topic.past_cutoff():
            return None
        return self.broadcast_log.resume(topic.name, position)

    def _stream(self, topic: Topic, cursor: ReadCursor, past_cutoff: int, first: bytes) -> Iterator[bytes]:
        demand = self.broadcast_log.demand
        demand.subscribe()
        try:
            yield retry() + first
            yield from self._changes(topic, cursor, past_cutoff)
        finally:
            demand.unsubscribe()

    def _changes(self, topic: Topic, cursor: ReadCursor, past_cutoff: int) -> Iterator[bytes]:
        demand = self.broadcast_log.demand
        while demand.running:
            changed = self.broadcast_log.changed(topic.name)
            changes = self.broadcast_log.since(topic.name, cursor)
            now_past_cutoff = topic.past_cutoff()
            if changes is None or now_past_cutoff != past_cutoff:
                snapshot = self._resync(topic, "gap" if changes is None else "cutoff")
                if snapshot is None:
                    yield HEARTBEAT
                    demand.wait_for_end(SNAPSHOT_RETRY_SECONDS)
                else:
                    cursor, message = snapshot
                    past_cutoff = now_past_cutoff
                    yield message
            elif changes:
                cursor = advance(cursor, changes)
                yield _joined(changes)
                time.sleep(BATCH_PAUSE_SECONDS)
            elif not changed.wait(self.heartbeat):
                yield HEARTBEAT

    def _resync(self, topic: Topic, reason: str) -> tuple[ReadCursor, bytes] | None:
        """Return a snapshot that the log continues without a gap, or None while there is none."""
        try:
            cursor, snapshot = self._snapshots(topic)
        except DatabaseError:
            return None
        if not self.broadcast_log.is_contiguous_from(topic.name, cursor):
            return None  # read from a server that is behind, or the history was lost again
        metrics.LIVE_SNAPSHOTS.labels(reason).inc()
        return cursor, snapshot


def _joined(changes: list[Change]) -> bytes:
    if len(changes) > MAX_BATCH:
        changes = compact(changes)
    return b"".join(change.message for change in changes)
