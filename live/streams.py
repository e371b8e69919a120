"""Opening a stream, keeping it true, and ending all of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from core import metrics
from core.clock import Clock
from core.concurrency.single_flight import single_flight_read
from core.mongo.failures import DatabaseError
from live.broadcast_log import BroadcastLog, ReadCursor, latest, moved
from live.change_stream import SlotChangeStream
from live.connection_limits import ConnectionLimiter
from live.sse_format import HEARTBEAT, Messages, retry
from schedules.errors import DateNotBookable
from schedules.model import Day, Schedule

HEARTBEAT_SECONDS = 15.0
# After sending, a reader rests a moment: what happens meanwhile goes out together. It bounds the work of a rush.
REST_SECONDS = 0.1
MOST_AT_ONCE = 32  # changes in one go; of more, only the latest of each slot is told
WAKE_SECONDS = 1.0  # how long the first reader waits for the changes to be followed; then it gets a second snapshot
AGAIN_SECONDS = 1.0  # until a snapshot that could not be read is tried again
TEND_SECONDS, DRAIN_SECONDS = 0.25, 0.75


@dataclass(frozen=True)
class LiveStreams:
    """The streams of this process."""

    schedule: Schedule
    feed: BroadcastLog
    watcher: SlotChangeStream
    messages: Messages
    clock: Clock
    places: ConnectionLimiter
    heartbeat: float = HEARTBEAT_SECONDS

    def open(self, date: str, last_id: str) -> Iterator[bytes]:
        """Return the messages about `date` to a reader that has been told everything up to `last_id`, if it is known.

        Raises DateNotBookable, and what the database raises when a snapshot is needed and cannot be read. Where no
        watcher runs, the messages end after the snapshot, and the client asks again.
        """
        day = self.schedule.day_by_date.get(date)
        if day is None:
            raise DateNotBookable(self.schedule.refusal)
        self.feed.wake(WAKE_SECONDS)
        past = self._past_cutoff(day)
        mark = self._resume(day, last_id)
        if mark is not None:
            return self._stream(day, mark, past, b"")
        metrics.LIVE_SNAPSHOTS.labels("opened").inc()
        mark, snapshot = self._snapshots(date)
        return self._stream(day, mark, past, snapshot)

    def supervise(self, alive: Callable[[], bool]) -> None:
        """Cut streams that nobody reads while `alive()`; then end all, at once those whose client takes nothing."""
        while alive():
            self.places.cut_stuck()
            time.sleep(TEND_SECONDS)
        self.feed.close()
        time.sleep(DRAIN_SECONDS)
        self.places.cut_stuck(0)

    @cached_property
    def _snapshots(self) -> Callable[[str], tuple[ReadCursor, bytes]]:
        return single_flight_read(self._read)

    def _read(self, date: str) -> tuple[ReadCursor, bytes]:
        era = self.feed.epoch  # of before the read: what a new era brings must not be taken for known
        position, slots = self.watcher.read(date)
        return ReadCursor(era, position), self.messages.snapshot(date, position, slots)

    def _resume(self, day: Day, last_id: str) -> ReadCursor | None:
        position = self.messages.position(day.date, last_id)
        if position is None:
            return None
        # A cut-off is no write: whoever was away when it passed can learn of it from a snapshot only.
        missed = self._past_cutoff(day, datetime.fromtimestamp(position.seconds, UTC)) != self._past_cutoff(day)
        return None if missed else self.feed.resume(day.date, position)

    def _stream(self, day: Day, mark: ReadCursor, past: int, first: bytes) -> Iterator[bytes]:
        self.feed.subscribe()
        try:
            yield retry() + first
            yield from self._news(day, mark, past)
        finally:
            self.feed.unsubscribe()

    def _news(self, day: Day, mark: ReadCursor, past: int) -> Iterator[bytes]:
        while self.feed.running:
            news = self.feed.news(day.date)
            changes = self.feed.since(day.date, mark)
            now_past = self._past_cutoff(day)
            if changes is None or now_past != past:
                fresh = self._fresh(day.date, "gap" if changes is None else "cutoff")
                if fresh is None:
                    yield HEARTBEAT
                    self.feed.wait_for_end(AGAIN_SECONDS)
                else:
                    mark, past = fresh[0], now_past
                    yield fresh[1]
            elif changes:
                mark = moved(mark, changes)
                yield b"".join(kept.message for kept in (changes if len(changes) <= MOST_AT_ONCE else latest(changes)))
                time.sleep(REST_SECONDS)
            elif not news.wait(self.heartbeat):
                yield HEARTBEAT

    def _fresh(self, date: str, reason: str) -> tuple[ReadCursor, bytes] | None:
        """Return a snapshot that the feed goes on from without a gap, or None while there is none to be had."""
        try:
            mark, snapshot = self._snapshots(date)
        except DatabaseError:
            return None
        if not self.feed.covers(date, mark):
            return None  # read from a server that is behind, or the history broke once more
        metrics.LIVE_SNAPSHOTS.labels(reason).inc()
        return mark, snapshot

    def _past_cutoff(self, day: Day, moment: datetime | None = None) -> int:
        """Return how many slots of `day` took no more bookings at `moment`, now by default."""
        if self.schedule.cutoff is None:
            return 0
        at = moment or self.clock()
        return sum(not self.schedule.is_bookable_at(slot, at) for slot in day.slots)
