"""How many streams may be open, and the end of those that nobody reads."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from core import metrics
from core.clock import monotonic
from live.errors import AddressLimitReached, CapacityReached

# gunicorn has 2,000 connections for a worker: room is left for those who book.
MOST_STREAMS = 1500
# Many guests may share an address; one address alone shall not take every stream.
MOST_PER_ADDRESS = 1000
STUCK_SECONDS = 30.0
RETRY_AFTER_SECONDS = 5


@dataclass(eq=False, slots=True)
class Connection:
    """An open stream; `cut` ends its connection from outside, `sending` is when it began to send, if it still does."""

    address: str
    cut: Callable[[], None]
    sending: float | None = None

    def watched(self, messages: Iterator[bytes]) -> Iterator[bytes]:
        """Return `messages`, noting when each began to be sent."""
        for message in messages:
            self.sending = monotonic()
            yield message
            self.sending = None


class ConnectionLimiter:
    """The open streams of this process."""

    def __init__(self, most: int = MOST_STREAMS, most_per_address: int = MOST_PER_ADDRESS) -> None:
        """Begin with none."""
        self._most, self._most_per_address = most, most_per_address
        self._lock = threading.Lock()
        self._open: set[Connection] = set()
        self._of: Counter[str] = Counter()

    def take(self, address: str, cut: Callable[[], None]) -> Connection:
        """Return a place, to be given back with `leave`; raises NoStreamLeft and AddressHasEnough."""
        place = Connection(address, cut)
        with self._lock:
            crowded, greedy = len(self._open) >= self._most, self._of[address] >= self._most_per_address
            if not crowded and not greedy:
                self._open.add(place)
                self._of[address] += 1
        if crowded or greedy:
            metrics.LIVE_STREAMS.labels("refused").inc()
            raise (CapacityReached if crowded else AddressLimitReached)(retry_after=RETRY_AFTER_SECONDS)
        metrics.LIVE_STREAMS.labels("opened").inc()
        return place

    def leave(self, place: Connection) -> None:
        """Give a place back; doing it again changes nothing."""
        with self._lock:
            if place not in self._open:
                return
            self._open.discard(place)
            self._of[place.address] -= 1
            if not self._of[place.address]:
                del self._of[place.address]
        metrics.LIVE_STREAMS.labels("closed").inc()

    def count(self) -> int:
        """Return how many streams are open."""
        return len(self._open)

    def cut_stuck(self, seconds: float = STUCK_SECONDS) -> None:
        """Cut the streams whose client has taken nothing for so long, though there was something to take."""
        oldest = monotonic() - seconds
        for place in list(self._open):
            if place.sending is not None and place.sending <= oldest:
                place.cut()
