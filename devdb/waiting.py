"""Polling: repeats an attempt until it succeeds or a deadline passes."""

import time
from collections.abc import Callable
from typing import TypeVar

from pymongo.errors import PyMongoError

from devdb.errors import NotReady

TIMEOUT = 30.0  # seconds that a start or an election may take
POLL_INTERVAL = 0.02
T = TypeVar("T")


def wait_until(what: str, attempt: Callable[[], T | None]) -> T:
    """Return the first true result of `attempt`; errors of the database or the network count as no result."""
    deadline = time.monotonic() + TIMEOUT
    last = "there was none"
    while time.monotonic() < deadline:
        try:
            if answer := attempt():
                return answer
        except (PyMongoError, OSError) as error:
            last = str(error)
        time.sleep(POLL_INTERVAL)
    raise NotReady(f"Waited {TIMEOUT:.0f} s for {what}; the last error: {last}.")
