"""Outbox health: warnings about failed and overdue e-mails."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from core.clock import Clock
from core.mongo.client import Db, Document
from notifications.outbox import mapping
from notifications.outbox.blocking import BlockedEmails
from notifications.outbox.model import STALE_AFTER, EmailStatus


@dataclass(frozen=True)
class OutboxHealth:
    """What an operator should look into, about the e-mails in `letters` of `db`."""

    db: Db
    clock: Clock

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
        """Return the number of failed e-mails."""
        return self.db.letters.count_documents({"state": EmailStatus.DEAD})

    def waiting_since(self, before: datetime) -> datetime | None:
        """Return the creation time of an e-mail older than `before` that is overdue, retried or orphaned; or None."""
        queries: list[Document] = [
            {"dueAt": {"$lte": before}},
            {"state": EmailStatus.RETRYING, "createdAt": {"$lte": before}},
        ]
        if blockers := BlockedEmails(self.db).orphaning(before):
            queries.append({"after": {"$in": blockers}, "createdAt": {"$lte": before}, **mapping.QUEUED})
        found = [self.db.letters.find_one(query, {"createdAt": 1}) for query in queries]
        return min((row["createdAt"] for row in found if row), default=None)


def _failed_warning(count: int) -> str:
    if count == 1:
        return "1 e-mail was given up"
    return f"{count} e-mails were given up"
