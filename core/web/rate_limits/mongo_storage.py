"""Counting many keys of the rate limits at once in MongoDB, in a few round trips however many keys there are.

The rows are those of the `limits` library, which counts one key a round trip, with a note `after`: a crowd has an
address each.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from limits.storage import MongoDBStorage
from pymongo import ReadPreference, UpdateOne
from pymongo.errors import BulkWriteError
from pymongo.read_concern import ReadConcern

from core import clock
from core.mongo.failures import DUPLICATE_KEY

# A key and how many seconds its window lasts; a key has one window alone.
Key = tuple[str, int]

MAX_KEYS = 20_000


class BatchedMongoStorage(MongoDBStorage):
    """The library's storage of counts in MongoDB, which can count many keys together."""

    def __init__(self, uri: str, **options: Any) -> None:
        """Connect to `uri` when first asked."""
        super().__init__(uri, **options)
        # Others may count between the two round trips: each row notes what its count was after this process's turn.
        self._worker_id = secrets.token_hex(6)
        # Keys that had a row; a new one is inserted, which takes a third of the time. A wrong guess costs time alone.
        self._seen: set[Key] = set()

    def incr_many(self, amounts: Mapping[Key, int]) -> dict[Key, int]:
        """Count the amount of each key and return the counts after it, as `incr` does; raises PyMongoError."""
        now = clock.now()
        counts = self._increment_existing({key: amount for key, amount in amounts.items() if key in self._seen}, now)
        counts |= self._insert_new(_remaining(amounts, counts), now)  # the new ones, and those whose rows have gone
        counts |= self._increment_existing(_remaining(amounts, counts), now)  # those that another process began
        counts |= {key: self.incr(*key, amount) for key, amount in _remaining(amounts, counts).items()}
        if len(self._seen) + len(amounts) > MAX_KEYS:
            self._seen.clear()
        self._seen.update(amounts)
        return counts

    def _insert_new(self, amounts: Mapping[Key, int], now: datetime) -> dict[Key, int]:
        """Insert rows for those of `amounts` that have none; return their counts."""
        keys, there = list(amounts), set()
        rows = [{"_id": key[0], "count": amounts[key], "expireAt": now + timedelta(seconds=key[1])} for key in keys]
        try:
            if rows:
                self.counters.insert_many(rows, ordered=False)
        except BulkWriteError as error:
            problems = error.details["writeErrors"]
            if any(problem["code"] != DUPLICATE_KEY for problem in problems):
                raise
            there = {problem["index"] for problem in problems}
        return {key: amounts[key] for at, key in enumerate(keys) if at not in there}

    def _increment_existing(self, amounts: Mapping[Key, int], now: datetime) -> dict[Key, int]:
        """Count on the rows of those of `amounts` that have one; return their counts."""
        if not amounts:
            return {}
        self._add([self._statement(key, seconds, amount, now) for (key, seconds), amount in amounts.items()])
        mine = {"_id": {"$in": [key for key, _ in amounts]}, f"after.{self._worker_id}": {"$exists": True}}
        # Whatever the address says of reading: what has just been written must be seen.
        counters = self.counters.with_options(read_preference=ReadPreference.PRIMARY, read_concern=ReadConcern("local"))
        counts = {
            row["_id"]: int(row["after"][self._worker_id])
            for row in counters.find(mine, {f"after.{self._worker_id}": 1})
        }
        return {key: counts[key[0]] for key in amounts if key[0] in counts}

    def _add(self, statements: list[UpdateOne]) -> None:
        self.counters.bulk_write(statements, ordered=False)

    def _statement(self, key: str, seconds: int, amount: int, now: datetime) -> UpdateOne:
        is_over = {"$lt": ["$expireAt", "$$NOW"]}
        window = {
            "count": {"$cond": [is_over, amount, {"$add": ["$count", amount]}]},
            # Notes of the window before, of processes that may have ended, go with it.
            "after": {"$cond": [is_over, {}, "$after"]},
            "expireAt": {"$cond": [is_over, now + timedelta(seconds=seconds), "$expireAt"]},
        }
        return UpdateOne({"_id": key}, [{"$set": window}, {"$set": {f"after.{self._worker_id}": "$count"}}])


def _remaining(amounts: Mapping[Key, int], counts: Mapping[Key, int]) -> dict[Key, int]:
    return {key: amount for key, amount in amounts.items() if key not in counts}
