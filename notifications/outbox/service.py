"""Letters as the rest of the service sees them: promise them, look at them, try a dead one again, hear of their way."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from core.clock import Clock
from core.mongo.transactions import Session
from notifications.outbox.erasure import OutboxErasure
from notifications.outbox.model import (
    DEDUP_WINDOW,
    EmailCursor,
    EmailFilter,
    EmailPage,
    OutboxEmail,
)
from notifications.outbox.retry_store import RetryStore
from notifications.outbox.store import OutboxStore


@dataclass(frozen=True)
class Outbox:
    """The outbox. `wake` rouses this process's worker after a commit."""

    store: OutboxStore
    retries: RetryStore
    erasure: OutboxErasure
    clock: Clock
    wake: threading.Event = field(default_factory=threading.Event)

    def enqueue(self, session: Session, letters: Sequence[OutboxEmail]) -> None:
        """Write `letters` within the caller's transaction."""
        self.store.add(session, letters)

    def enqueue_once(self, session: Session, letter: OutboxEmail) -> bool:
        """Write `letter` within the caller's transaction unless it is known; return whether it is new."""
        return self.store.add_if_absent(session, letter)

    def lock_last_pending(self, session: Session, about: str, to: str) -> str | None:
        """Return the id of the last pending e-mail about `about` to `to`, write-locked in the caller's transaction.

        Recording its outcome then conflicts with the transaction, so that a later e-mail can be blocked by it safely.
        """
        return self.store.lock_last_pending(session, about, to)

    def cancel_pending(self, session: Session, about: str, template: str) -> None:
        """Drop, within the caller's transaction, the letters of one kind about `about` that are not on their way."""
        self.store.cancel_pending(session, about, template, self.clock())

    def by_subject(self, about: str) -> list[OutboxEmail]:
        """Return all letters about `about`, oldest first."""
        return self.store.by_subject(about)

    def erase(self, abouts: Sequence[str], email: str | None = None) -> int:
        """Delete the letters about each of `abouts`, and those of the guest with `email`; return how many went."""
        return self.erasure.erase(abouts, email)

    def pending_erasure(self, abouts: Sequence[str], email: str | None = None) -> int:
        """Return how many of these letters wait for their batch to end, and are deleted then."""
        return self.erasure.count_pending(abouts, email)

    def wake_worker(self) -> None:
        """Say that a transaction with letters has been committed."""
        self.wake.set()

    def find(self, wanted: EmailFilter, most: int, after: EmailCursor | None = None) -> EmailPage:
        """Return the newest of what is wanted, from behind `after` on."""
        found = self._by_subject(wanted, after) if wanted.subject else self.store.find(wanted.state, most + 1, after)
        items = found[:most]
        return EmailPage(items, EmailCursor.at_email(items[-1]) if len(found) > most else None)

    def retry(self, session: Session, letter_id: str) -> OutboxEmail:
        """Let a letter that was given up be tried again, within the caller's transaction.

        Raises LetterNotFound or LetterNotFailed.
        """
        return self.retries.retry(letter_id, self.clock(), session)

    def recently_retried(self, session: Session, letter_id: str) -> OutboxEmail | None:
        """Return a letter that is tried again already, or was within the last minute; None of all others."""
        return self.retries.recently_retried(session, letter_id, self.clock() - DEDUP_WINDOW)

    def recently_resent(self, session: Session, letter: OutboxEmail) -> bool:
        """Return whether the back office has asked for `letter` within the last minute, or it is not out yet."""
        return self.retries.recently_resent(session, letter, self.clock() - DEDUP_WINDOW)

    def counts(self) -> Mapping[str, int]:
        """Return how many letters there are in each state."""
        return self.store.counts()

    def _by_subject(self, wanted: EmailFilter, after: EmailCursor | None) -> list[OutboxEmail]:
        newest = [each for each in self.store.by_subject(wanted.subject)[::-1] if wanted.state in (None, each.state)]
        return [each for each in newest if after is None or EmailCursor.at_email(each) < after]
