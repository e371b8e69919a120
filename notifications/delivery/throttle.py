"""The pace of sending: the provider's rate, and quiet while the provider is in trouble or asks for it."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime

from core import clock
from notifications.outbox.model import backoff_delay

# How long a provider in trouble is left alone at most, when it does not say for how long.
MAX_PAUSE = 60.0
MAX_RETRY_AFTER = 86_400.0


class SendThrottle:
    """Grants at most `rate` sends a second, and none while the provider is paused."""

    def __init__(self, rate: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Begin with nothing used up."""
        self._interval = 1 / rate
        self._monotonic = monotonic
        self._next = self._quiet_until = float("-inf")
        self._troubles = 0
        self._lock = threading.Lock()

    def try_acquire(self) -> float:
        """Pass and return 0, or return the seconds after which it is worth asking again."""
        with self._lock:
            now = self._monotonic()
            wait = max(self._next, self._quiet_until) - now
            if wait > 0:
                return wait
            self._next = now + self._interval
            return 0.0

    def wait_seconds(self) -> float:
        """Return how long a caller would wait now, without taking its place."""
        with self._lock:
            return max(0.0, max(self._next, self._quiet_until) - self._monotonic())

    def is_paused(self) -> bool:
        """Return whether the provider is being left alone."""
        with self._lock:
            return self._monotonic() < self._quiet_until

    def record_failure(self, asked: float | None) -> None:
        """Leave the provider alone: for the `asked` seconds, else longer with every trouble in a row."""
        with self._lock:
            now = self._monotonic()
            if now >= self._quiet_until:  # Letters that were on their way together tell of one trouble.
                self._troubles += 1
            quiet = min(backoff_delay(self._troubles, None).total_seconds(), MAX_PAUSE)
            self._quiet_until = max(self._quiet_until, now + (quiet if asked is None else max(quiet, asked)))

    def record_success(self) -> None:
        """Forget the troubles: the provider has answered as it should."""
        with self._lock:
            self._troubles = 0


def parse_retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that `Retry-After` asks for, given as a number or as a date; None without a sensible one."""
    asked = {name.lower(): value for name, value in headers.items()}.get("retry-after", "")
    try:
        seconds = float(asked)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(asked).timestamp() - clock.now().timestamp()
        except (ValueError, OverflowError):
            return None
    return min(max(seconds, 0.0), MAX_RETRY_AFTER) if math.isfinite(seconds) else None
