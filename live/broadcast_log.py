"""Broadcast log: recent changes in memory, serialised once; each subscriber holds only a read cursor.

A subscriber costs one cursor, however slow it is. When changes after its cursor were evicted, it gets a gap and needs a
new snapshot. A new epoch is a gap for every subscriber, because changes may be missing.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field, replace

from live.demand import Demand
from live.model import Change, Position

MAX_CHANGES = 20_000
RETENTION_SECONDS = 600
ORIGIN = Position(0, 0, 0)
ALL_TOPICS = ""  # the topic of a subscriber of all others


@dataclass(frozen=True, slots=True)
class ReadCursor:
    """The position of the last change read, and its epoch."""

    epoch: int
    position: Position


@dataclass
class TopicHistory:
    """The retained changes of one topic in order; `low_watermark` is the position of the last evicted one."""

    changes: deque[Change] = field(default_factory=deque)
    low_watermark: Position = ORIGIN
    changed: threading.Event = field(default_factory=threading.Event)


class BroadcastLog:
    """A buffer with one publisher and many subscribers.

    It retains at most `max_changes` over all topics, for at most `retention` seconds of the database's time.
    """

    def __init__(self, max_changes: int = MAX_CHANGES, retention: int = RETENTION_SECONDS) -> None:
        self.demand = Demand()
        self._max_changes = max_changes
        self._retention = retention
        self._lock = threading.Lock()
        self._topics: dict[str, TopicHistory] = {}
        self._order: deque[TopicHistory] = deque()
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
                topic.changes.clear()
                topic.low_watermark = position
        self.demand.set_following()
        self._wake_all()

    def publish(self, change: Change) -> None:
        """Append a change and wake its topic's subscribers; changes come in the order of their positions."""
        with self._lock:
            topic = self._topic(change.topic)
            all_topics = self._topics.get(ALL_TOPICS)
            topic.changes.append(change)
            self._order.append(topic)
            if all_topics:
                all_topics.changes.append(change)
            self._newest = change.position
            self._evict()
            waiting = [_replace_signal(topic)]
            if all_topics:
                waiting.append(_replace_signal(all_topics))
        for changed in waiting:
            changed.set()

    def advance_time(self, time: tuple[int, int]) -> None:
        """Record that all changes before cluster time `time` have been published."""
        with self._lock:
            self._newest = max(self._newest, Position(*time, 0))
            self._evict()

    def resume(self, topic: str, position: Position) -> ReadCursor | None:
        """Return the cursor of a subscriber that has read up to `position`, here or in another process.

        None when later changes were evicted, and when the position is unknown here: another process may be ahead of
        this one, or the client invented it.
        """
        with self._lock:
            known = self._watermark_of(topic) <= position and position.time <= self._newest.time
            if not known or not self._epoch:
                return None
            return ReadCursor(self._epoch, position)

    def since(self, topic: str, cursor: ReadCursor) -> list[Change] | None:
        """Return the changes of `topic` after `cursor` in order; None for a gap that only a snapshot closes."""
        with self._lock:
            if self._epoch == 0:
                return []
            if cursor.epoch != self._epoch or cursor.position < self._watermark_of(topic):
                return None
            found = []
            for change in reversed(self._topic(topic).changes):
                if change.position <= cursor.position:
                    break
                found.append(change)
        return found[::-1]

    def tail(self, topic: str) -> ReadCursor:
        """Return the cursor of a subscriber that reads only what is published from now on."""
        with self._lock:
            self._topic(topic)
            return ReadCursor(self._epoch, self._newest)

    def is_contiguous_from(self, topic: str, cursor: ReadCursor) -> bool:
        """Return whether every change after `cursor` is retained."""
        with self._lock:
            return cursor.epoch == self._epoch and cursor.position >= self._watermark_of(topic)

    def changed(self, topic: str) -> threading.Event:
        """Return the signal of the next change of `topic`. Take it before reading, or a change may be missed."""
        with self._lock:
            return self._topic(topic).changed

    def _topic(self, name: str) -> TopicHistory:
        topic = self._topics.get(name)
        if topic is None:
            # The topic of all others is not filled afterwards: it starts at the newest position.
            low_watermark = self._newest if name == ALL_TOPICS else self._low_watermark
            topic = TopicHistory(low_watermark=low_watermark)
            self._topics[name] = topic
        return topic

    def _watermark_of(self, name: str) -> Position:
        topic = self._topics.get(name)
        return topic.low_watermark if topic else self._low_watermark

    def _evict(self) -> None:
        oldest = self._newest.seconds - self._retention
        order = self._order
        while order and (len(order) > self._max_changes or order[0].changes[0].position.seconds < oldest):
            topic = order.popleft()
            evicted = topic.changes.popleft()
            topic.low_watermark = evicted.position
            all_topics = self._topics.get(ALL_TOPICS)
            if all_topics and all_topics.changes and all_topics.changes[0] is evicted:
                all_topics.low_watermark = all_topics.changes.popleft().position

    def _wake_all(self) -> None:
        with self._lock:
            waiting = [_replace_signal(topic) for topic in self._topics.values()]
        for changed in waiting:
            changed.set()


def advance(cursor: ReadCursor, changes: list[Change]) -> ReadCursor:
    """Return the cursor after reading `changes`."""
    return replace(cursor, position=changes[-1].position)


def compact(changes: list[Change]) -> list[Change]:
    """Return only the last change of each subject, in order."""
    last = {change.subject: change for change in changes}
    return [change for change in changes if last[change.subject] is change]


def _replace_signal(topic: TopicHistory) -> threading.Event:
    """Give `topic` a new signal; return the old one, which is set outside the lock."""
    changed = topic.changed
    topic.changed = threading.Event()
    return changed
