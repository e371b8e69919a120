"""Cursor of a change stream on a whole database, read batch by batch: a batch has all writes of a transaction.

The driver's change stream returns single changes and does not say where a batch ends.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from core.mongo.client import Db, Document
from core.mongo.failures import DatabaseError

ResumeToken = Mapping[str, Any]


@dataclass(frozen=True)
class Batch:
    """Changes in order, and the token from which a stream resumes after them."""

    changes: Sequence[Document]
    token: ResumeToken


class ChangeCursor:
    """A change stream of `db` that begins at `start`, an option of `$changeStream`; a context manager."""

    def __init__(self, db: Db, start: Document, stages: Sequence[Document]) -> None:
        self._db = db
        self._pipeline = [{"$changeStream": start}, *stages]
        self._id = 0

    def __enter__(self) -> ChangeCursor:
        # Reads wait for nothing of another session.
        self._session = self._db.client.start_session(causal_consistency=False)
        try:
            # An empty first batch: its size could otherwise divide a transaction.
            opened = self._command({"aggregate": 1, "pipeline": self._pipeline, "cursor": {"batchSize": 0}})
        except BaseException:
            self._session.end_session()
            raise
        self._id = opened["id"]
        return self

    def __exit__(self, *_: object) -> None:
        with self._session, suppress(DatabaseError):
            self._db.command({"killCursors": "$cmd.aggregate", "cursors": [self._id]}, session=self._session)

    def next_batch(self, max_await_ms: int) -> Batch:
        """Return the next changes; none if there are none for `max_await_ms`."""
        batch = self._command({"getMore": self._id, "collection": "$cmd.aggregate", "maxTimeMS": max_await_ms})
        return Batch(batch["nextBatch"], batch["postBatchResumeToken"])

    def _command(self, command: Document) -> Document:
        cursor: Document = self._db.command(command, session=self._session)["cursor"]
        return cursor
