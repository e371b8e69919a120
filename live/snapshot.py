"""Snapshot reads: several collections at one cluster time, from which a change stream can start.

A read with read concern `snapshot` returns its cluster time, and later reads can name it.
"""

from __future__ import annotations

from collections.abc import Sequence

from bson import Timestamp

from core.mongo.client import Db, Document
from live.model import END, Position

PAGE_SIZE = 10_000  # far below the 16 MiB of an answer


class Snapshot:
    """Reads of `db` at the cluster time of the first of them."""

    def __init__(self, db: Db) -> None:
        self._db = db
        self._at: Timestamp | None = None

    @property
    def time(self) -> Timestamp:
        """Return the cluster time of the reads."""
        if self._at is None:
            raise ValueError("nothing was read yet")
        return self._at

    @property
    def position(self) -> Position:
        """Return the position after every write that the reads have seen."""
        return Position(self.time.time, self.time.inc, END)

    def find(self, collection: str, fields: Sequence[str], query: Document | None = None) -> list[Document]:
        """Return `fields` and `_id` of the documents of `collection` that match `query`, in order of `_id`."""
        conditions: list[Document] = [query or {}]
        found: list[Document] = []
        while True:
            page = self._page(collection, fields, {"$and": conditions})
            found += page
            if len(page) < PAGE_SIZE:
                return found
            conditions = [query or {}, {"_id": {"$gt": page[-1]["_id"]}}]

    def _page(self, collection: str, fields: Sequence[str], query: Document) -> list[Document]:
        """Return the first documents; a cursor is not used, as the driver would bound its `getMore` wrongly."""
        concern: Document = {"level": "snapshot"}
        if self._at is not None:
            concern["atClusterTime"] = self._at
        answer = self._db.command(
            {
                "find": collection,
                "filter": query,
                "projection": dict.fromkeys(fields, 1),
                "sort": {"_id": 1},
                "limit": PAGE_SIZE,
                "batchSize": PAGE_SIZE,
                "singleBatch": True,
                "readConcern": concern,
            }
        )
        # A collection that does not exist has no cluster time of its own.
        self._at = self._at or answer["cursor"].get("atClusterTime") or answer["operationTime"]
        page: list[Document] = answer["cursor"]["firstBatch"]
        return page
