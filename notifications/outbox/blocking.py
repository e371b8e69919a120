"""Blocked e-mails: an e-mail comes due as soon as the one that blocks it is no longer pending."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from core.mongo.client import Db
from notifications.outbox import mapping
from notifications.outbox.model import ADMIN_FIRST_DELAY, PENDING


@dataclass(frozen=True)
class BlockedEmails:
    """The e-mails in `letters` of `db` that another one blocks."""

    db: Db

    def unblock(self, blockers: Collection[str], now: datetime) -> int:
        """Make the e-mails due that wait for those of `blockers` that are no longer pending; return how many."""
        if not blockers:
            return 0
        ended = self._not_pending(blockers)
        if not ended:
            return 0
        return self.db.letters.update_many(*mapping.unblock_update(ended, now)).modified_count

    def unblock_orphans(self, now: datetime) -> int:
        """Make the e-mails due whose blocker is no longer pending; return how many.

        Recording an outcome does so already: this repairs what a process left that died meanwhile, or an old version.
        """
        return self.unblock(self.orphaning(now), now)

    def orphaning(self, since: datetime) -> list[str]:
        """Return the ids of blockers that are no longer pending, though e-mails still wait for them after `since`."""
        # The delay of the admin's e-mail ends by itself, and there may be many: only longer waits are read.
        query = {**mapping.QUEUED, "after": {"$exists": True}, "dueAt": {"$gt": since + ADMIN_FIRST_DELAY}}
        blockers = {row["after"] for row in self.db.letters.find(query, {"after": 1})}
        return self._not_pending(blockers) if blockers else []

    def _not_pending(self, ids: Collection[str]) -> list[str]:
        pending = self.db.letters.find({"_id": {"$in": list(ids)}, "state": {"$in": PENDING}}, {"_id": 1})
        return list(set(ids).difference(row["_id"] for row in pending))
