"""The fan-out: the changes of late, kept once for all readers, each of whom knows only how far it has read.

A reader costs a position and nothing more, however slow it is. One that was too slow, so that changes it has not seen
are no longer kept, is told so and begins anew with a snapshot; so is everybody when changes may have been missed.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from core.clock import monotonic
from live.model import Change, Position

MAX_EVENTS = 20_000
RETENTION_SECONDS = 600
# How long changes are followed after the last reader has left: following is a part of what each booking costs.
REMEMBERED_SECONDS = 600.0
ORIGIN = Position(0, 0, 0)
ALL_DATES = ""  # takes the place of a date for a reader of all


@dataclass(frozen=True, slots=True)
class ReadCursor:
    """How far a reader has read, and in which era of the feed."""

    era: int
    position: Position


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """A change as it is sent."""

    position: Position
    slot_id: str
    message: bytes


@dataclass
class Topic:
    """The changes of one date in order; `floor` is the position of the last that was let go."""

    kept: deque[LoggedEvent] = field(default_factory=deque)
    floor: Position = ORIGIN
    news: threading.Event = field(default_factory=threading.Event)


class BroadcastLog:
    """Takes changes from one watcher, hands them to many readers.

    `most` changes are kept over all dates, for at most `seconds` of the database's time.
    """

    def __init__(
        self, write: Callable[[Change], bytes], most: int = MAX_EVENTS, seconds: int = RETENTION_SECONDS
    ) -> None:
        """Begin empty and not running; `write` makes the message of a change, once for all readers."""
        self._write = write
        self._most, self._seconds = most, seconds
        self._lock = threading.Lock()
        self._channels: dict[str, Topic] = {}
        self._order: deque[Topic] = deque()
        self._floor = self._newest = ORIGIN
        self._era = 0
        self._ended, self._wanted = threading.Event(), threading.Event()
        self._followed = threading.Event()
        self._readers, self._left_at = 0, float("-inf")
        self.running = False

    @property
    def epoch(self) -> int:
        """Return which unbroken run of changes this is; 0 before the first."""
        return self._era

    def open(self) -> None:
        """Let readers stay: there is a watcher now."""
        self.running = not self._ended.is_set()

    def close(self) -> None:
        """Send all readers away for good."""
        self.running = False
        self._ended.set()
        self._wanted.set()
        self._wake_everybody()

    def wake(self, seconds: float) -> None:
        """Wake whoever feeds the feed for a reader that is coming, and wait until changes are followed, if not long."""
        with self._lock:
            self._left_at = monotonic()
        self._wanted.set()
        if self.running:
            self._followed.wait(seconds)

    def subscribe(self) -> None:
        """Count a reader in."""
        with self._lock:
            self._readers += 1

    def unsubscribe(self) -> None:
        """Count a reader out."""
        with self._lock:
            self._readers -= 1
            self._left_at = monotonic()

    def is_wanted(self) -> bool:
        """Return whether somebody reads, or has read of late and may come back."""
        with self._lock:
            return self._readers > 0 or monotonic() - self._left_at < REMEMBERED_SECONDS

    def wait_until_wanted(self, seconds: float) -> None:
        """Wait until a reader comes or the feed is closed, at most for so long."""
        self._wanted.clear()
        self._followed.clear()
        if self.running and not self.is_wanted():
            self._wanted.wait(seconds)

    def wait_for_end(self, seconds: float) -> bool:
        """Wait until the feed is closed, at most for so long; return whether it is."""
        return self._ended.wait(seconds)

    def begin(self, position: Position) -> None:
        """Begin a new era at `position`: everything after it will be published, nothing before it is known."""
        with self._lock:
            self._era += 1
            self._floor = self._newest = position
            self._order.clear()
            for channel in self._channels.values():
                channel.kept.clear()
                channel.floor = position
        self._followed.set()
        self._wake_everybody()

    def publish(self, change: Change) -> None:
        """Tell the readers of the slot's date; changes come in the order of their positions."""
        kept = LoggedEvent(change.position, change.slot.id, self._write(change))
        with self._lock:
            channel, every = self._channel(change.slot.date), self._channels.get(ALL_DATES)
            channel.kept.append(kept)
            self._order.append(channel)
            if every:
                every.kept.append(kept)
            self._newest = change.position
            self._let_go()
            news, channel.news = channel.news, threading.Event()
            if every:
                more, every.news = every.news, threading.Event()
        news.set()
        if every:
            more.set()

    def advance(self, time: tuple[int, int]) -> None:
        """Hear that all changes before `time` have been published."""
        with self._lock:
            self._newest = max(self._newest, Position(*time, 0))
            self._let_go()

    def resume(self, date: str, position: Position) -> ReadCursor | None:
        """Return the mark of a reader that was told everything up to `position`, here or in another process.

        None when changes after it are no longer kept, and when it is not known here: another process may be ahead of
        this one, and somebody may have made it up.
        """
        with self._lock:
            known = self._floor_of(date) <= position and position.time <= self._newest.time
            return ReadCursor(self._era, position) if known and self._era else None

    def since(self, date: str, mark: ReadCursor) -> list[LoggedEvent] | None:
        """Return the changes of `date` after `mark` in order; None when there is a gap that only a snapshot closes."""
        with self._lock:
            if self._era == 0:
                return []
            if mark.era != self._era or mark.position < self._floor_of(date):
                return None
            found = []
            for kept in reversed(self._channel(date).kept):
                if kept.position <= mark.position:
                    break
                found.append(kept)
        return found[::-1]

    def here(self, date: str) -> ReadCursor:
        """Return the mark of a reader that begins now and wants to be told of what comes."""
        with self._lock:
            self._channel(date)
            return ReadCursor(self._era, self._newest)

    def covers(self, date: str, mark: ReadCursor) -> bool:
        """Return whether nothing after `mark` is missing."""
        with self._lock:
            return mark.era == self._era and mark.position >= self._floor_of(date)

    def news(self, date: str) -> threading.Event:
        """Return what is set at the next change of `date`. Take it before looking, or a change may slip through."""
        with self._lock:
            return self._channel(date).news

    def _channel(self, date: str) -> Topic:
        channel = self._channels.get(date)
        if channel is None:
            # What all dates' channel would have held is not gathered afterwards: it begins here.
            floor = self._newest if date == ALL_DATES else self._floor
            channel = self._channels[date] = Topic(floor=floor)
        return channel

    def _floor_of(self, date: str) -> Position:
        channel = self._channels.get(date)
        return channel.floor if channel else self._floor

    def _let_go(self) -> None:
        oldest = self._newest.seconds - self._seconds
        while self._order and (len(self._order) > self._most or self._order[0].kept[0].position.seconds < oldest):
            channel = self._order.popleft()
            gone = channel.kept.popleft()
            channel.floor = gone.position
            every = self._channels.get(ALL_DATES)
            if every and every.kept and every.kept[0] is gone:
                every.floor = every.kept.popleft().position

    def _wake_everybody(self) -> None:
        with self._lock:
            waiting = [channel.news for channel in self._channels.values()]
            for channel in self._channels.values():
                channel.news = threading.Event()
        for news in waiting:
            news.set()


def moved(mark: ReadCursor, changes: list[LoggedEvent]) -> ReadCursor:
    """Return the mark of a reader that has been told `changes` too."""
    return replace(mark, position=changes[-1].position)


def latest(changes: list[LoggedEvent]) -> list[LoggedEvent]:
    """Return only the last of the changes of each slot, in order."""
    last = {kept.slot_id: kept for kept in changes}
    return [kept for kept in changes if last[kept.slot_id] is kept]
