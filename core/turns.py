"""Changes that would only fight each other take turns within a process."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from core.errors import OutcomeUnknown, Unavailable
from core.mongo import Client, Session, transaction

T = TypeVar("T")
# How long a change waits for its turn, and how long it then tries.
PATIENCE_SECONDS = 10.0
SECONDS = 8.0
# How long it tries what somebody else holds while others wait behind it.
HELD_SECONDS = 2.0
REPEAT = "It is not known whether this was done. Please repeat it: it is not done twice."


@dataclass(frozen=True)
class Turns:
    """Runs transactions one at a time; other processes are met in the database, where the loser tries again."""

    client: Client
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, work: Callable[[Session], T]) -> T:
        """Run `work` in a transaction and return what it returned; raises what `transaction` does, or Unavailable."""
        if not self.lock.acquire(timeout=PATIENCE_SECONDS):
            raise Unavailable(retry_after=2)
        try:
            return transaction(self.client, work, SECONDS, HELD_SECONDS)
        except OutcomeUnknown as error:
            raise OutcomeUnknown(REPEAT, retry_after=error.retry_after) from error
        finally:
            self.lock.release()
