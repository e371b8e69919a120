"""Release of what deleted accounts have: tickets go back through the group commit, and e-mails are erased.

The transaction of the deletion marks the account, so that a periodic task finishes what a dead process has begun. The
task repeats the release for LINGER: a request that began before the deletion may place an order after it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from core import log
from core.clock import Clock
from orders.deleted_account_store import DeletedAccount, DeletedAccountStore

LOG = log.get_logger("orders")
# Longer than any request that was admitted before the deletion.
LINGER = timedelta(minutes=2)
# Releases what an account has of one kind; idempotent.
Release = Callable[[str], object]


@dataclass(frozen=True)
class ReleaseAccounts:
    """Releases what deleted accounts have."""

    store: DeletedAccountStore
    releases: Sequence[Release]
    clock: Clock

    def execute(self) -> int:
        """Release what all marked accounts have; return the number of those of which all is released."""
        released = 0
        for account in self.store.marked():
            try:
                for release in self.releases:
                    release(account.id)
            except Exception:  # boundary: one account must not delay the release of all others
                LOG.exception("account_release_failed", account=account.id)
                continue
            released += 1
            self._note(account)
        return released

    def _note(self, account: DeletedAccount) -> None:
        """Note the first release; the last one removes the mark."""
        now = self.clock()
        if account.released_at is None:
            self.store.note_release(account, now)
            LOG.info("account_released", account=account.id)
        elif account.released_at <= now - LINGER:
            self.store.clear(account)
