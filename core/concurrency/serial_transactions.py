"""Serialized transactions: changes that would conflict with each other run one at a time within a process."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from core.errors import Conflict, OutcomeUnknown, Unavailable
from core.mongo.client import Client
from core.mongo.transactions import Contention, Session, transaction

T = TypeVar("T")
# Seconds that a change waits for the lock, and that its transaction may then take.
LOCK_TIMEOUT = 10.0
TRANSACTION_TIMEOUT = 8.0
# Seconds of write conflicts with other processes, while changes of this process wait for the lock.
CONTENTION_TIMEOUT = 2.0
# Seconds that a refusal waits until its reads are majority-committed.
MAJORITY_TIMEOUT = 2.0
OUTCOME_UNKNOWN_MESSAGE = "It is not known whether this was done. Please repeat it: it is not done twice."


@dataclass(frozen=True)
class SerialTransactions:
    """Runs transactions one at a time; conflicts between processes are retried.

    `probe` reads any document within a transaction.
    """

    client: Client
    probe: Callable[[Session], object]
    lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self, work: Callable[[Session], T]) -> T:
        """Run `work` in a transaction and return its result; raises the errors of `transaction`, or Unavailable.

        A Conflict of `work` is raised once the data that it was based on is majority-committed.
        """
        try:
            return self._run(work)
        except Conflict:
            self._await_majority()
            raise

    def _run(self, work: Callable[[Session], T]) -> T:
        if not self.lock.acquire(timeout=LOCK_TIMEOUT):
            raise Unavailable(retry_after=2)
        try:
            return transaction(self.client, work, TRANSACTION_TIMEOUT, Contention(CONTENTION_TIMEOUT))
        except OutcomeUnknown as error:
            raise OutcomeUnknown(OUTCOME_UNKNOWN_MESSAGE, retry_after=error.retry_after) from error
        finally:
            self.lock.release()

    def _await_majority(self) -> None:
        # A transaction may read data without a majority, and an aborted one does not wait for it. The commit of a
        # read-only transaction waits until all data that it read is majority-committed.
        try:
            transaction(self.client, self.probe, MAJORITY_TIMEOUT)
        except OutcomeUnknown as error:
            raise Unavailable(retry_after=error.retry_after) from error
