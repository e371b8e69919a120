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
        """Release what all marked accounts have; return the number of those of which all is released."""
        released = 0
        for account_id, count in self.store.marks().items():
            try:
                self._release(account_id)
            except Exception:  # boundary: one account must not delay the release of all others
                LOG.exception("account_release_failed", account=account_id)
                continue
            self.store.clear(account_id, count)
            released += 1
            LOG.info("account_released", account=account_id)
        return released

    def _release(self, account_id: str) -> None:
        for release in self.releases:
            release(account_id)
