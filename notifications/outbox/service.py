"""Outbox service: enqueue, cancel, list, retry and erase e-mails."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from core.clock import Clock
from core.mongo.transactions import Session
from core.pagination import Cursor, Page
from notifications.errors import EmailNotFailed, EmailNotFound
from notifications.outbox.deferred import Sources, merged
from notifications.outbox.erasure import OutboxErasure
from notifications.outbox.model import (
    DEDUP_WINDOW,
    EmailFilter,
    EmailStatus,
    EmailTemplate,
    OutboxEmail,
    cursor_of,
    position_of,
)
from notifications.outbox.retry_store import RetryStore
from notifications.outbox.store import OutboxStore


@dataclass(frozen=True)
class Outbox:
    """The outbox. `wake` is the event that this process's worker waits for; `deferred` e-mails have no row yet."""

    store: OutboxStore
    retries: RetryStore
    erasure: OutboxErasure
    clock: Clock
    wake: threading.Event = field(default_factory=threading.Event)
    deferred: Sources = ()

    def enqueue(self, session: Session, emails: Sequence[OutboxEmail]) -> None:
        """Insert `emails` within the caller's transaction."""
        self.store.add(session, emails)

    def enqueue_once(self, session: Session, email: OutboxEmail) -> bool:
        """Insert `email` within the caller's transaction unless its id exists; return whether it is new."""
        return self.store.add_if_absent(session, email)

    def lock_last_pending(self, session: Session, recipients: Mapping[str, str]) -> dict[str, str]:
        """Return the ids of the last pending e-mails to `recipients` by subject, write-locked in the transaction.

        Recording its outcome then conflicts with the transaction, so that a later e-mail can be blocked by it safely.
        """
        return self.store.lock_last_pending(session, recipients)

    def cancel_pending(self, session: Session, subjects: Sequence[str], template: EmailTemplate) -> None:
        """Drop the e-mails of one template about `subjects`, unless in flight, within the caller's transaction."""
        self.store.cancel_pending(session, subjects, template.name, self.clock())

    def by_subject(self, subject: str) -> list[OutboxEmail]:
        """Return all e-mails about `subject`, oldest first."""
        deferred = self._deferred_about(subject)
        return merged(deferred, self.store.by_subject(subject))

    def erase(self, subjects: Sequence[str], email: str | None = None) -> int:
        """Delete the e-mails about `subjects`, and those of the guest `email`; return how many were deleted."""
        # A mark is removed before the rows are deleted: its rows are written before that, or never.
        dropped = sum(source.drop(subjects) for source in self.deferred)
        return dropped + self.erasure.erase(subjects, email)

    def pending_erasure(self, subjects: Sequence[str], email: str | None = None) -> int:
        """Return how many erased e-mails wait for the outcome of their batch."""
        return self.erasure.count_pending(subjects, email)

    def wake_worker(self) -> None:
        """Notify the worker that a transaction with e-mails was committed."""
        self.wake.set()

    def find(self, query: EmailFilter, limit: int, after: Cursor | None = None) -> Page[OutboxEmail]:
        """Return a page of the e-mails that match, newest first."""
        if query.subject:
            return Page.first_of(self._by_subject(query, after), limit, cursor_of)
        deferred = self._newest_deferred(query.state, limit + 1, after)
        newest = merged(deferred, self.store.find(query.state, limit + 1, after))[::-1]
        return Page.first_of(newest[: limit + 1], limit, cursor_of)

    def retry(self, session: Session, email_id: str) -> OutboxEmail:
        """Queue a failed e-mail again, within the caller's transaction. Raises EmailNotFound or EmailNotFailed."""
        try:
            return self.retries.retry(email_id, self.clock(), session)
        except EmailNotFound:
            subject = email_id.partition("-")[0]
            if any(email.id == email_id for email in self._deferred_about(subject)):
                raise EmailNotFailed from None
            raise

    def recently_retried(self, session: Session, email_id: str) -> OutboxEmail | None:
        """Return the e-mail if it was retried and is pending, or was retried within the last minute; else None."""
        return self.retries.recently_retried(session, email_id, self.clock() - DEDUP_WINDOW)

    def recently_resent(self, session: Session, email: OutboxEmail) -> bool:
        """Return whether the same e-mail was resent within the last minute, or is pending."""
        return self.retries.recently_resent(session, email, self.clock() - DEDUP_WINDOW)

    def counts(self) -> Mapping[str, int]:
        """Return the number of e-mails by state; deferred ones are queued."""
        deferred = sum(source.count() for source in self.deferred)
        counts = self.store.counts()
        return {**counts, EmailStatus.QUEUED: counts[EmailStatus.QUEUED] + deferred}

    def _deferred_about(self, subject: str) -> list[OutboxEmail]:
        return [email for source in self.deferred for email in source.by_subject(subject)]

    def _newest_deferred(self, state: EmailStatus | None, limit: int, after: Cursor | None) -> list[OutboxEmail]:
        if state not in (None, EmailStatus.QUEUED):
            return []
        position = position_of(after) if after else None
        found = [email for source in self.deferred for email in source.newest(limit, position)]
        return [email for email in found if position is None or (email.created_at, email.id) < position]

    def _by_subject(self, wanted: EmailFilter, after: Cursor | None) -> list[OutboxEmail]:
        newest = [each for each in self.by_subject(wanted.subject)[::-1] if wanted.state in (None, each.state)]
        if after is None:
            return newest
        position = position_of(after)
        return [each for each in newest if (each.created_at, each.id) < position]
