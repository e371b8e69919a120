"""Broadcast log: recent changes in memory, serialised once; each subscriber holds only a read cursor.

A subscriber costs one cursor, however slow it is. When events after its cursor were evicted, it gets a gap and needs a
new snapshot. A new epoch is a gap for every subscriber, because changes may be missing.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from live.demand import Demand
from live.model import Change, Position

MAX_EVENTS = 20_000
RETENTION_SECONDS = 600
ORIGIN = Position(0, 0, 0)
ALL_DATES = ""  # the topic of a subscriber of all dates


@dataclass(frozen=True, slots=True)
class ReadCursor:
    """The position of the last event read, and its epoch."""

    epoch: int
    position: Position


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """A change as it is sent."""

    position: Position
    slot_id: str
    message: bytes


@dataclass
class Topic:
    """The retained events of one date in order; `low_watermark` is the position of the last evicted one."""

    events: deque[LoggedEvent] = field(default_factory=deque)
    low_watermark: Position = ORIGIN
    changed: threading.Event = field(default_factory=threading.Event)


class BroadcastLog:
    """A buffer with one publisher and many subscribers.

    It retains at most `max_events` over all dates, for at most `retention` seconds of the database's time.
    """

    def __init__(
        self,
        serialize: Callable[[Change], bytes],
        max_events: int = MAX_EVENTS,
        retention: int = RETENTION_SECONDS,
    ) -> None:
        """Start empty; `serialize` makes the message of a change, once for all subscribers."""
        self.demand = Demand()
        self._serialize = serialize
        self._max_events = max_events
        self._retention = retention
        self._lock = threading.Lock()
        self._topics: dict[str, Topic] = {}
        self._order: deque[Topic] = deque()
        self._low_watermark = ORIGIN
        self._newest = ORIGIN
        self._epoch = 0

    @property
    def epoch(self) -> int:
        """Return the number of the unbroken run of changes; 0 before the first."""
        return self._epoch

    def close(self) -> None:
        """End all subscriptions for good."""
        self.demand.close()
        self._wake_all()

    def begin(self, position: Position) -> None:
        """Start a new epoch at `position`: all later changes will be published, no earlier one is known."""
        with self._lock:
            self._epoch += 1
            self._low_watermark = position
            self._newest = position
            self._order.clear()
            for topic in self._topics.values():
                topic.events.clear()
                topic.low_watermark = position
        self.demand.set_following()
        self._wake_all()

    def publish(self, change: Change) -> None:
        """Append a change and wake its date's subscribers; changes come in the order of their positions."""
        event = LoggedEvent(change.position, change.slot.id, self._serialize(change))
        with self._lock:
            topic = self._topic(change.slot.date)
            all_dates = self._topics.get(ALL_DATES)
            topic.events.append(event)
            self._order.append(topic)
            if all_dates:
                all_dates.events.append(event)
            self._newest = change.position
            self._evict()
            waiting = [_replace_signal(topic)]
            if all_dates:
                waiting.append(_replace_signal(all_dates))
        for changed in waiting:
            changed.set()

    def advance_time(self, time: tuple[int, int]) -> None:
        """Record that all changes before cluster time `time` have been published."""
        with self._lock:
            self._newest = max(self._newest, Position(*time, 0))
            self._evict()

    def resume(self, date: str, position: Position) -> ReadCursor | None:
        """Return the cursor of a subscriber that has read up to `position`, here or in another process.

        None when later events were evicted, and when the position is unknown here: another process may be ahead of
        this one, or the client invented it.
        """
        with self._lock:
            known = self._watermark_of(date) <= position and position.time <= self._newest.time
            if not known or not self._epoch:
                return None
            return ReadCursor(self._epoch, position)

    def since(self, date: str, cursor: ReadCursor) -> list[LoggedEvent] | None:
        """Return the events of `date` after `cursor` in order; None for a gap that only a snapshot closes."""
        with self._lock:
            if self._epoch == 0:
                return []
            if cursor.epoch != self._epoch or cursor.position < self._watermark_of(date):
                return None
            found = []
            for event in reversed(self._topic(date).events):
                if event.position <= cursor.position:
                    break
                found.append(event)
        return found[::-1]

    def tail(self, date: str) -> ReadCursor:
        """Return the cursor of a subscriber that reads only what is published from now on."""
        with self._lock:
            self._topic(date)
            return ReadCursor(self._epoch, self._newest)

    def is_contiguous_from(self, date: str, cursor: ReadCursor) -> bool:
        """Return whether every event after `cursor` is retained."""
        with self._lock:
            return cursor.epoch == self._epoch and cursor.position >= self._watermark_of(date)

    def changed(self, date: str) -> threading.Event:
        """Return the signal of the next change of `date`. Take it before reading, or a change may be missed."""
        with self._lock:
            return self._topic(date).changed

    def _topic(self, date: str) -> Topic:
        topic = self._topics.get(date)
        if topic is None:
            # The topic of all dates is not filled afterwards: it starts at the newest position.
            low_watermark = self._newest if date == ALL_DATES else self._low_watermark
            topic = Topic(low_watermark=low_watermark)
            self._topics[date] = topic
        return topic

    def _watermark_of(self, date: str) -> Position:
        topic = self._topics.get(date)
        return topic.low_watermark if topic else self._low_watermark

    def _evict(self) -> None:
        oldest = self._newest.seconds - self._retention
        order = self._order
        while order and (len(order) > self._max_events or order[0].events[0].position.seconds < oldest):
            topic = order.popleft()
            evicted = topic.events.popleft()
            topic.low_watermark = evicted.position
            all_dates = self._topics.get(ALL_DATES)
            if all_dates and all_dates.events and all_dates.events[0] is evicted:
                all_dates.low_watermark = all_dates.events.popleft().position

    def _wake_all(self) -> None:
        with self._lock:
            waiting = [_replace_signal(topic) for topic in self._topics.values()]
        for changed in waiting:
            changed.set()


def advance(cursor: ReadCursor, events: list[LoggedEvent]) -> ReadCursor:
    """Return the cursor after reading `events`."""
    return replace(cursor, position=events[-1].position)


def compact(events: list[LoggedEvent]) -> list[LoggedEvent]:
    """Return only the last event of each slot, in order."""
    last = {event.slot_id: event for event in events}
    return [event for event in events if last[event.slot_id] is event]


def _replace_signal(topic: Topic) -> threading.Event:
    """Give `topic` a new signal; return the old one, which is set outside the lock."""
    changed = topic.changed
    topic.changed = threading.Event()
    return changed
