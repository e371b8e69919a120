"""Reads of the database that people wait for together, bounded in time."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from core.concurrency.batcher import single_flight
from core.mongo.client import timeout
from core.mongo.failures import DatabaseError, is_unavailable

K = TypeVar("K")
A = TypeVar("A")

READ_SECONDS = 5.0  # as long as the client looks for a server


def single_flight_read(read: Callable[[K], A]) -> Callable[[K], A]:
    """Return `read`, shared by those who ask for one key at one time; when the database is away, none waits for others.

    Raises DatabaseError after READ_SECONDS for all who wait by then; who comes meanwhile may wait as long once more.
    """

    def bounded(key: K) -> A:
        with timeout(READ_SECONDS):
            return read(key)

    return single_flight(bounded, fails_all=_is_unavailable)


def _is_unavailable(error: Exception) -> bool:
    return isinstance(error, DatabaseError) and is_unavailable(error)
