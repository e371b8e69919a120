"""Subscriber count: the change stream is read only while a subscriber is connected, or was recently."""

from __future__ import annotations

import threading

from core.clock import monotonic

# Reading goes on so long after the last subscriber has left; it is a part of what each booking costs.
LINGER_SECONDS = 600.0


class Demand:
    """Says whether changes are wanted, and connects the subscribers' threads with the change stream's."""

    def __init__(self) -> None:
        self.running = False
        self._lock = threading.Lock()
        self._subscribers = 0
        self._left_at = float("-inf")
        self._ended = threading.Event()
        self._wanted = threading.Event()
        self._following = threading.Event()

    def open(self) -> None:
        """Admit subscribers, as a change stream runs now; without effect after `close`."""
        self.running = not self._ended.is_set()

    def close(self) -> None:
        """End every wait for good."""
        self.running = False
        self._ended.set()
        self._wanted.set()

    def wake(self, seconds: float) -> None:
        """Wake the change stream for a new subscriber; wait at most `seconds` until it is read."""
        with self._lock:
            self._left_at = monotonic()
        self._wanted.set()
        if self.running:
            self._following.wait(seconds)

    def subscribe(self) -> None:
        with self._lock:
            self._subscribers += 1

    def unsubscribe(self) -> None:
        with self._lock:
            self._subscribers -= 1
            self._left_at = monotonic()

    def is_wanted(self) -> bool:
        """Return whether a subscriber is connected, or left recently and may return."""
        with self._lock:
            return self._subscribers > 0 or monotonic() - self._left_at < LINGER_SECONDS

    def wait_until_wanted(self, seconds: float) -> None:
        """Wait at most `seconds` for a subscriber, or for the end."""
        self._wanted.clear()
        self._following.clear()
        if self.running and not self.is_wanted():
            self._wanted.wait(seconds)

    def set_following(self) -> None:
        """Release the subscribers that wait in `wake`."""
        self._following.set()

    def wait_for_end(self, seconds: float) -> bool:
        """Wait at most `seconds` for the end; return whether it has come."""
        return self._ended.wait(seconds)
