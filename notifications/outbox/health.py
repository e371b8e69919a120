"""Outbox health: warnings about failed and overdue e-mails, each from a bounded number of index keys."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from core.clock import Clock
from core.mongo.client import Db
from notifications.outbox import mapping
from notifications.outbox.deferred import Sources
from notifications.outbox.model import PENDING, STALE_AFTER, EmailStatus

# Failed e-mails are counted up to this number.
MAX_COUNTED = 1000


@dataclass(frozen=True)
class OutboxHealth:
    """Warnings for the operator about the e-mails in `letters` of `db`, and about `deferred` ones."""

    db: Db
    clock: Clock
    deferred: Sources = ()

    def warnings(self) -> list[str]:
        """Return the warnings as sentences without personal data."""
        now = self.clock()
        failed = self.count_failed()
        waiting_since = self.waiting_since(now - STALE_AFTER)
        warnings = []
        if failed:
            warnings.append(_failed_warning(failed))
        if waiting_since:
            minutes = int((now - waiting_since).total_seconds() // 60)
            warnings.append(f"an e-mail has waited for {minutes} minutes")
        return warnings

    def count_failed(self) -> int:
        """Return the number of failed e-mails, at most MAX_COUNTED."""
        failed = {"state": EmailStatus.DEAD}
        return self.db.letters.count_documents(failed, limit=MAX_COUNTED, hint=mapping.NEWEST)

    def waiting_since(self, before: datetime) -> datetime | None:
        """Return the creation time of the oldest pending e-mail if it is `before` that time; else None.

        No e-mail is enqueued to be sent later. So an old one is overdue, retried, orphaned, or blocked by such a one.
        """
        deferred = filter(None, (source.waiting_since() for source in self.deferred))
        oldest = [self._oldest(state, before) for state in PENDING]
        oldest += [created_at for created_at in deferred if created_at <= before]
        return min(filter(None, oldest), default=None)

    def _oldest(self, state: EmailStatus, before: datetime) -> datetime | None:
        query = {"state": state, "createdAt": {"$lte": before}}
        rows = self.db.letters.find(query, {"createdAt": 1}).sort(mapping.OLDEST_FIRST).hint(mapping.NEWEST)
        for row in rows.limit(1):
            created_at: datetime = row["createdAt"]
            return created_at
        return None


def _failed_warning(count: int) -> str:
    if count == 1:
        return "1 e-mail was given up"
    if count >= MAX_COUNTED:
        return f"{count} or more e-mails were given up"
    return f"{count} e-mails were given up"
