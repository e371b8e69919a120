"""Release of what deleted accounts have: tickets go back through the group commit, and e-mails are erased.

The transaction of the deletion marks the account. The mark is removed when all is released, so that a periodic task
finishes what a dead process has begun.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core import log
from core.mongo.transactions import Session
from orders.deleted_account_store import DeletedAccountStore

LOG = log.get_logger("orders")
# Releases what an account has of one kind; idempotent.
Release = Callable[[str], object]


@dataclass(frozen=True)
class ReleaseAccounts:
    """Releases what deleted accounts have."""

    store: DeletedAccountStore
    releases: Sequence[Release]

    def mark(self, session: Session, account_id: str) -> None:
        """Note within the transaction of its deletion that an account is deleted."""
        self.store.mark(session, [account_id])

    def execute(self) -> int:
        """Release what all marked accounts have; return their number."""
        marks = self.store.marks()
        for account_id, count in marks.items():
            for release in self.releases:
                release(account_id)
            self.store.clear(account_id, count)
            LOG.info("account_released", account=account_id)
        return len(marks)
