"""Outbox service: enqueue, cancel, list, retry and erase e-mails."""

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
    """The outbox. `wake` is the event that this process's worker waits for."""

    store: OutboxStore
    retries: RetryStore
    erasure: OutboxErasure
    clock: Clock
    wake: threading.Event = field(default_factory=threading.Event)

    def enqueue(self, session: Session, emails: Sequence[OutboxEmail]) -> None:
        """Insert `emails` within the caller's transaction."""
        self.store.add(session, emails)

    def enqueue_once(self, session: Session, email: OutboxEmail) -> bool:
        """Insert `email` within the caller's transaction unless its id exists; return whether it is new."""
        return self.store.add_if_absent(session, email)

    def lock_last_pending(self, session: Session, subject: str, to: str) -> str | None:
        """Return the id of the last pending e-mail about `subject` to `to`, write-locked in the caller's transaction.

        Recording its outcome then conflicts with the transaction, so that a later e-mail can be blocked by it safely.
        """
        return self.store.lock_last_pending(session, subject, to)

    def cancel_pending(self, session: Session, subject: str, template: str) -> None:
        """Delete, within the caller's transaction, the pending e-mails of one template about `subject`."""
        self.store.cancel_pending(session, subject, template, self.clock())

    def by_subject(self, subject: str) -> list[OutboxEmail]:
        """Return all e-mails about `subject`, oldest first."""
        return self.store.by_subject(subject)

    def erase(self, subjects: Sequence[str], email: str | None = None) -> int:
        """Delete the e-mails about `subjects`, and those of the guest `email`; return how many were deleted."""
        return self.erasure.erase(subjects, email)

    def pending_erasure(self, subjects: Sequence[str], email: str | None = None) -> int:
        """Return how many erased e-mails wait for the outcome of their batch."""
        return self.erasure.count_pending(subjects, email)

    def wake_worker(self) -> None:
        """Notify the worker that a transaction with e-mails was committed."""
        self.wake.set()

    def find(self, query: EmailFilter, limit: int, after: EmailCursor | None = None) -> EmailPage:
        """Return a page of the newest e-mails older than the cursor `after`."""
        found = self._by_subject(query, after) if query.subject else self.store.find(query.state, limit + 1, after)
        items = found[:limit]
        return EmailPage(items, EmailCursor.at_email(items[-1]) if len(found) > limit else None)

    def retry(self, session: Session, email_id: str) -> OutboxEmail:
        """Queue a failed e-mail again, within the caller's transaction. Raises EmailNotFound or EmailNotFailed."""
        return self.retries.retry(email_id, self.clock(), session)

    def recently_retried(self, session: Session, email_id: str) -> OutboxEmail | None:
        """Return the e-mail if it was retried and is pending, or was retried within the last minute; else None."""
        return self.retries.recently_retried(session, email_id, self.clock() - DEDUP_WINDOW)

    def recently_resent(self, session: Session, email: OutboxEmail) -> bool:
        """Return whether the same e-mail was resent within the last minute, or is pending."""
        return self.retries.recently_resent(session, email, self.clock() - DEDUP_WINDOW)

    def counts(self) -> Mapping[str, int]:
        """Return the number of e-mails by state."""
        return self.store.counts()

    def _by_subject(self, query: EmailFilter, after: EmailCursor | None) -> list[OutboxEmail]:
        found = []
        for email in reversed(self.store.by_subject(query.subject)):
            is_after = after is None or EmailCursor.at_email(email) < after
            if is_after and query.state in (None, email.state):
                found.append(email)
        return found
