"""Blocked e-mails: an e-mail is due as soon as the one that blocks it is no longer pending."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from core.mongo.client import Db
from notifications.outbox import mapping
from notifications.outbox.model import ADMIN_FIRST_DELAY, PENDING

# The search for orphans examines so many e-mails at a time.
BATCH = 1000


@dataclass(frozen=True)
class BlockedEmails:
    """The blocked e-mails in `letters` of `db`."""

    db: Db

    def unblock(self, blockers: Collection[str], now: datetime) -> int:
        """Make the e-mails due whose blocker is one of `blockers` and no longer pending; return how many."""
        ended = self._not_pending(blockers)
        if not ended:
            return 0
        return self.db.letters.update_many(*mapping.unblock_update(ended, now)).modified_count

    def unblock_orphans(self, now: datetime) -> int:
        """Make the e-mails due whose blocker is no longer pending; return how many.

        Recording an outcome unblocks already. This repairs the e-mails of a process that died in between.
        """
        return sum(self.unblock(blockers, now) for blockers in self._blockers(now))

    def _blockers(self, now: datetime) -> Iterator[set[str]]:
        """Yield the ids of all blockers, except those of e-mails that are due within ADMIN_FIRST_DELAY."""
        query = {**mapping.QUEUED, "after": {"$exists": True}, "dueAt": {"$gt": now + ADMIN_FIRST_DELAY}}
        blockers: set[str] = set()
        for row in self.db.letters.find(query, {"after": 1}):
            blockers.add(row["after"])
            if len(blockers) >= BATCH:
                yield blockers
                blockers = set()
        if blockers:
            yield blockers

    def _not_pending(self, ids: Collection[str]) -> list[str]:
        pending = self.db.letters.find({"_id": {"$in": list(ids)}, "state": {"$in": PENDING}}, {"_id": 1})
        return list(set(ids).difference(row["_id"] for row in pending))
