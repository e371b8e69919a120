"""Deferred e-mails: a feature's row has a mark instead of outbox rows, which the worker writes before it leases."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol

from notifications.outbox.model import OutboxEmail

Position = tuple[datetime, str]


class DeferredEmails(Protocol):
    """The deferred e-mails of one feature. A mark is removed in the transaction that writes its outbox rows."""

    def write(self, limit: int) -> int:
        """Write the outbox rows of up to `limit` e-mails, the oldest first; return how many were written."""

    def by_subject(self, subject: str) -> list[OutboxEmail]:
        """Return the deferred e-mails about `subject`."""

    def newest(self, limit: int, after: Position | None) -> list[OutboxEmail]:
        """Return at least the `limit` newest ones older than `after` (creation time, id), if there are so many."""

    def count(self) -> int:
        """Return the number of deferred e-mails."""

    def waiting_since(self) -> datetime | None:
        """Return the creation time of the oldest one."""

    def drop(self, subjects: Sequence[str]) -> int:
        """Remove the marks of `subjects`, so that no row is written; return how many e-mails these were."""


Sources = Sequence[DeferredEmails]


def merged(deferred: Iterable[OutboxEmail], rows: Iterable[OutboxEmail]) -> list[OutboxEmail]:
    """Return the e-mails of both, oldest first. Read `deferred` first: a row written since then replaces it."""
    emails = {email.id: email for email in (*deferred, *rows)}
    return sorted(emails.values(), key=lambda email: (email.created_at, email.id))
