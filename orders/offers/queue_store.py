"""Queue lengths and queue numbers in the stock rows of tiers and pools.

Every join writes the pool's row too: a release of another tier's ticket, which may make room in the pool, conflicts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from pymongo import ReturnDocument

from core.mongo.client import Db
from core.mongo.transactions import Session, Update, bulk_update
from events.store import STOCK


class QueueStore:
    """The fields `waiting` and `lastQueueNumber` of stock rows, changed within the caller's transaction."""

    def __init__(self, db: Db) -> None:
        self._rows = db[STOCK.name]

    def events_waiting(self, session: Session, stock_ids: Collection[str]) -> list[str]:
        """Return the ids of the events for whose stock somebody waits."""
        query = {"_id": {"$in": list(stock_ids)}, "waiting": {"$gt": 0}}
        return sorted({row["eventId"] for row in self._rows.find(query, {"eventId": 1}, session=session)})

    def join(self, session: Session, tier_id: str, pool_ids: Iterable[str], count: int) -> int:
        """Lengthen the queue of a tier by `count` entries; return the last queue number before."""
        for pool_id in pool_ids:
            self._rows.update_one({"_id": pool_id}, {"$inc": {"waiting": count}}, session=session)
        row = self._rows.find_one_and_update(
            {"_id": tier_id},
            {"$inc": {"waiting": count, "lastQueueNumber": count}},
            projection={"lastQueueNumber": 1},
            return_document=ReturnDocument.AFTER,
            session=session,
        )
        return int(row["lastQueueNumber"]) - count if row else 0

    def leave(self, session: Session, counts: Mapping[str, int]) -> None:
        """Shorten the queues of stock rows by `counts`."""
        updates: list[Update] = [({"_id": id_}, {"$inc": {"waiting": -n}}) for id_, n in sorted(counts.items())]
        if updates:
            bulk_update(session, self._rows, updates)
