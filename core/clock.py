"""Clock: the only reader of the current time. Times are aware UTC in milliseconds, as MongoDB stores them."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def now() -> datetime:
    """Return the current time in UTC, in whole milliseconds."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def utc_timestamp() -> str:
    """Return the current time as ISO 8601 in UTC with microseconds and `Z`, as structlog writes it."""
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


def monotonic() -> float:
    """Return the seconds of a monotonic clock, for deadlines and durations."""
    return time.monotonic()


def iso(moment: datetime) -> str:
    """Return `moment` as ISO 8601 in UTC with milliseconds and `Z`: `2026-03-05T09:00:00.000Z`."""
    utc = moment.astimezone(UTC) if moment.utcoffset() else moment
    return utc.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
