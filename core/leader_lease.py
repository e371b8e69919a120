"""Leader lease: one process at a time holds a named lease, until it releases it or the lease expires.

Collection `roles`: one row a lease, with its holder (`owner`) and its expiry (`until`).
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta

from pymongo.errors import DuplicateKeyError

from core.clock import Clock
from core.mongo.client import Db
from core.mongo.schema import CollectionSchema

SCHEMA = CollectionSchema(name="roles")
TTL = timedelta(seconds=15)
RENEW_SECONDS = 4.0


@dataclass
class LeaderLease:
    """The lease `name` for the process `holder`; expiry is compared with `clock`."""

    db: Db
    name: str
    holder: str
    clock: Clock
    ttl: timedelta = TTL

    def __post_init__(self) -> None:
        self._renewed_at = float("-inf")

    def acquire(self) -> bool:
        """Acquire or extend the lease by `ttl`; return False while another holder has it."""
        now = self.clock()
        available = {"_id": self.name, "$or": [{"owner": self.holder}, {"until": {"$lte": now}}]}
        try:
            lease = {"owner": self.holder, "until": now + self.ttl}
            self.db[SCHEMA.name].update_one(available, {"$set": lease}, upsert=True)
        except DuplicateKeyError:
            return False
        return True

    def renew(self) -> bool:
        """Return whether the holder has the lease; the database is asked at most every RENEW_SECONDS."""
        asked_at = time.monotonic()
        if asked_at - self._renewed_at < RENEW_SECONDS:
            return True
        if not self.acquire():
            return False
        self._renewed_at = asked_at
        return True

    @property
    def is_held(self) -> bool:
        """Whether the holder acquired the lease less than its TTL ago; the database is not asked."""
        return time.monotonic() - self._renewed_at < self.ttl.total_seconds()

    def release(self) -> None:
        """Release the lease, so that another process can acquire it at once."""
        self._renewed_at = float("-inf")
        self.db[SCHEMA.name].delete_one({"_id": self.name, "owner": self.holder})
