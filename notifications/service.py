"""Letters as the rest of the service sees them: promise them, look at them, try a failed one again."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from core.clock import Clock
from core.mongo import Session
from notifications.model import Letter, State
from notifications.store import LetterStore


@dataclass(frozen=True)
class Letters:
    """The outbox. `wake` rouses this process's worker after a commit."""

    store: LetterStore
    clock: Clock
    wake: threading.Event = field(default_factory=threading.Event)

    def promise(self, session: Session, letters: Sequence[Letter]) -> None:
        """Write `letters` within the caller's transaction."""
        self.store.add(session, letters)

    def waits(self, session: Session, letter_id: str) -> bool:
        """Return, within the caller's transaction, whether a letter is still to be sent."""
        return self.store.is_pending(session, letter_id)

    def announce(self) -> None:
        """Say that a transaction with letters has been committed."""
        self.wake.set()

    def find(self, state: State | None, most: int) -> list[Letter]:
        """Return the newest letters, of one state if given."""
        return self.store.find(state, most)

    def retry(self, letter_id: str) -> Letter:
        """Try a letter that was given up again; raises LetterNotFound or LetterNotFailed."""
        letter = self.store.retry(letter_id, self.clock())
        self.wake.set()
        return letter

    def counts(self) -> Mapping[str, int]:
        """Return how many letters there are in each state."""
        return self.store.counts()
