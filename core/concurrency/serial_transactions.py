"""Changes that would only fight each other take turns within a process."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from core.errors import Conflict, OutcomeUnknown, Unavailable
from core.mongo.client import Client
from core.mongo.transactions import Session, transaction

T = TypeVar("T")
# How long a change waits for its turn, and how long it then tries.
LOCK_TIMEOUT = 10.0
TRANSACTION_TIMEOUT = 8.0
# How long it tries what somebody else holds while others wait behind it.
CONTENTION_TIMEOUT = 2.0
# How long a refusal waits until no fail-over can undo what it rests on.
MAJORITY_TIMEOUT = 2.0
OUTCOME_UNKNOWN_MESSAGE = "It is not known whether this was done. Please repeat it: it is not done twice."


@dataclass(frozen=True)
class SerialTransactions:
    """Runs transactions one at a time; other processes are met in the database, where the loser tries again.

    `glance` reads anything within a transaction.
    """

    client: Client
    probe: Callable[[Session], object]
    lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self, work: Callable[[Session], T]) -> T:
        """Run `work` in a transaction and return what it returned; raises what `transaction` does, or Unavailable.

        A Conflict that `work` raises is passed on when what it may rest on is there to stay.
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
            return transaction(self.client, work, TRANSACTION_TIMEOUT, CONTENTION_TIMEOUT)
        except OutcomeUnknown as error:
            raise OutcomeUnknown(OUTCOME_UNKNOWN_MESSAGE, retry_after=error.retry_after) from error
        finally:
            self.lock.release()

    def _await_majority(self) -> None:
        # A transaction sees what no majority has yet, and one that ends with an error waits for nobody. The end of one
        # that only reads waits until a majority has all that was there to be read.
        try:
            transaction(self.client, self.probe, MAJORITY_TIMEOUT)
        except OutcomeUnknown as error:
            raise Unavailable(retry_after=error.retry_after) from error
