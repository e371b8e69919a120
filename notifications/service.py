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

    def promise_once(self, session: Session, letter: Letter) -> bool:
        """Write `letter` within the caller's transaction unless it is known; return whether it is new."""
        return self.store.add_once(session, letter)

    def last_unsent(self, session: Session, about: str, to: str) -> str | None:
        """Return, within the caller's transaction, the last letter about `about` that `to` has yet to get."""
        return self.store.last_unsent(session, about, to)

    def withdraw(self, session: Session, about: str, template: str) -> None:
        """Drop, within the caller's transaction, the unsent letters of one kind about `about`."""
        self.store.withdraw(session, about, template)

    def about(self, about: str) -> list[Letter]:
        """Return all letters about `about`, oldest first."""
        return self.store.about(about)

    def forget(self, abouts: Sequence[str], email: str | None = None) -> int:
        """Delete the letters about each of `abouts`, and those to `email`; return how many there were."""
        return self.store.forget(abouts, email)

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
