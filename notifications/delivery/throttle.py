"""Send throttle: the provider's rate limit, and a circuit breaker that pauses after failures."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime

from core import clock
from notifications.outbox.model import backoff_delay

# The longest pause after failures of a provider that does not say for how long.
MAX_PAUSE = 60.0
MAX_RETRY_AFTER = 86_400.0


class SendThrottle:
    """Grants at most `rate` sends a second, and none while the provider is paused."""

    def __init__(self, rate: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._interval = 1 / rate
        self._monotonic = monotonic
        self._next = float("-inf")
        self._paused_until = float("-inf")
        self._failures = 0
        self._lock = threading.Lock()

    def try_acquire(self) -> float:
        """Take a turn and return 0, or return the seconds to wait before the next try."""
        with self._lock:
            now = self._monotonic()
            wait = max(self._next, self._paused_until) - now
            if wait > 0:
                return wait
            self._next = now + self._interval
            return 0.0

    def wait_seconds(self) -> float:
        """Return the seconds that a caller would wait now, without taking a turn."""
        with self._lock:
            return max(0.0, max(self._next, self._paused_until) - self._monotonic())

    def is_paused(self) -> bool:
        """Return whether sending pauses after a failure."""
        with self._lock:
            return self._monotonic() < self._paused_until

    def record_failure(self, asked: float | None) -> None:
        """Pause sending for at least the `asked` seconds, and longer with each failure in a row."""
        with self._lock:
            now = self._monotonic()
            if now >= self._paused_until:  # Calls that were made in parallel count as one failure.
                self._failures += 1
            pause = min(backoff_delay(self._failures, None).total_seconds(), MAX_PAUSE)
            self._paused_until = max(self._paused_until, now + max(pause, asked or 0.0))

    def record_success(self) -> None:
        """End the row of failures."""
        with self._lock:
            self._failures = 0


def parse_retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds of `Retry-After`, a number or a date; None if it is missing or invalid."""
    asked = {name.lower(): value for name, value in headers.items()}.get("retry-after", "")
    seconds = _seconds_until(asked)
    if seconds is None or not math.isfinite(seconds):
        return None
    return min(max(seconds, 0.0), MAX_RETRY_AFTER)


def _seconds_until(text: str) -> float | None:
    """Return `text` as seconds, also of an HTTP date; None if it is neither."""
    try:
        return float(text)
    except ValueError:
        pass
    try:
        return parsedate_to_datetime(text).timestamp() - clock.now().timestamp()
    except (ValueError, OverflowError):
        return None
