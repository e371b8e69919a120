"""Migration of bookings from before the search segments: folds names again, and removes indexed suffixes."""

from __future__ import annotations

import time
from dataclasses import dataclass

from pymongo import UpdateOne
from pymongo.errors import OperationFailure

from core import log
from core.folding import fold
from core.mongo.client import Db, Document
from core.mongo.schema import CollectionSchema

LOG = log.get_logger("booking.search")
MIGRATIONS = CollectionSchema(name="migrations")
NAME = "booking_search"
OBSOLETE_INDEXES = ("by_part_of_name", "by_part_of_phone")
BATCH_SIZE = 1000
INDEX_NOT_FOUND = 27


@dataclass
class SearchMigration:
    """Migrates the bookings in the order of their ids; the collection `migrations` holds the last one."""

    db: Db

    def run_until(self, end: float) -> None:
        """Migrate bookings until all are done or the monotonic time `end` is reached."""
        state = self.db[MIGRATIONS.name].find_one({"_id": NAME}) or self._initial_state()
        done = 0
        while not state.get("done"):
            rows = self._next_rows(state["last"])
            self._migrate(rows)
            done += len(rows)
            state = {"last": rows[-1]["_id"] if rows else state["last"], "done": not rows}
            if not rows:
                self._drop_indexes()
            self.db[MIGRATIONS.name].update_one({"_id": NAME}, {"$set": state}, upsert=True)
            if time.monotonic() >= end:
                break
        if done:
            LOG.info("bookings_migrated_for_search", bookings=done, last=state["last"], done=bool(state["done"]))

    def _initial_state(self) -> Document:
        """Return the state before the first run; a database without the old indexes has no old bookings."""
        is_old = not set(OBSOLETE_INDEXES).isdisjoint(self.db.bookings.index_information())
        state: Document = {"last": "", "done": not is_old}
        self.db[MIGRATIONS.name].update_one({"_id": NAME}, {"$setOnInsert": state}, upsert=True)
        return state

    def _next_rows(self, last: str) -> list[Document]:
        fields: Document = {"fullName": 1, "nameFolded": 1, "nameParts": {"$slice": 1}}
        return list(self.db.bookings.find({"_id": {"$gt": last}}, fields).sort("_id", 1).limit(BATCH_SIZE))

    def _migrate(self, rows: list[Document]) -> None:
        updates: list[UpdateOne] = []
        for row in rows:
            folded = fold(row["fullName"])
            if folded == row["nameFolded"] and "nameParts" not in row:
                continue
            # A booking that was erased meanwhile has no name any more.
            same = {"_id": row["_id"], "fullName": row["fullName"]}
            change: Document = {"$set": {"nameFolded": folded}, "$unset": {"nameParts": "", "phoneParts": ""}}
            updates.append(UpdateOne(same, change))
        if updates:
            self.db.bookings.bulk_write(updates, ordered=False)

    def _drop_indexes(self) -> None:
        for name in OBSOLETE_INDEXES:
            try:
                self.db.bookings.drop_index(name)
            except OperationFailure as error:
                if error.code != INDEX_NOT_FOUND:
                    raise
