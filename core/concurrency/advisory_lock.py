"""Advisory lock for conflicting transactions of one host's workers: a byte in a pipe, which the holder has read.

A worker that meets a conflict waits for the lock instead of trying again at random. The database decides without it,
and a worker that waits in vain goes on.
"""

from __future__ import annotations

import os
import select
from contextlib import suppress

from core.clock import monotonic

# How long a worker waits for the lock: longer than most transactions take.
ACQUIRE_SECONDS = 0.1
# After so many first attempts in a row that conflicted, this many transactions wait before their first attempt.
CONFLICTS_IN_A_ROW = 2
WAITING_TRANSACTIONS = 8
TOKEN = b"."


class AdvisoryLock:
    """A pipe that the workers of a host inherit, and how often this worker's transactions conflict."""

    def __init__(self) -> None:
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._reader, False)
        os.set_blocking(self._writer, False)
        self._conflicts_in_a_row = 0
        self._waiting = 0
        self.release()

    def begin(self) -> Acquisition:
        """Begin a transaction: with the lock if it is free, or if conflicts are expected, after a wait for it."""
        waits = self._waiting > 0
        if waits:
            self._waiting -= 1
        return Acquisition(self, acquired=self.acquire(ACQUIRE_SECONDS if waits else 0.0), waited=waits)

    def acquire(self, seconds: float) -> bool:
        """Return whether this worker gets the lock within `seconds`."""
        end = monotonic() + seconds
        while True:
            # More bytes than one, after workers without the lock were killed, become one.
            with suppress(BlockingIOError):
                os.read(self._reader, len(TOKEN) * 64)
                return True
            left = end - monotonic()
            if left <= 0:
                return False
            select.select([self._reader], [], [], left)

    def release(self) -> None:
        """Release the lock; also for a killed worker, which may have had it."""
        with suppress(BlockingIOError):
            os.write(self._writer, TOKEN)

    def record(self, *, conflicted: bool) -> None:
        """Learn from a transaction that did not wait before its first attempt."""
        if not conflicted:
            self._conflicts_in_a_row = 0
            return
        self._conflicts_in_a_row += 1
        if self._conflicts_in_a_row >= CONFLICTS_IN_A_ROW:
            self._waiting = WAITING_TRANSACTIONS


class Acquisition:
    """The lock during one transaction, which may have it or not."""

    def __init__(self, lock: AdvisoryLock, *, acquired: bool, waited: bool) -> None:
        self._lock = lock
        self._acquired = acquired
        self._waited = waited
        self._conflicted = False

    def acquire_after_conflict(self) -> bool:
        """Wait for the lock after a conflict; return False if a pause is due, as the rival does not hold it."""
        self._conflicted = True
        if self._acquired:
            return False
        self._acquired = self._lock.acquire(ACQUIRE_SECONDS)
        return self._acquired

    def end(self) -> None:
        """End the transaction, and release the lock if it has it."""
        if not self._waited:
            self._lock.record(conflicted=self._conflicted)
        if self._acquired:
            self._acquired = False
            self._lock.release()
