"""MongoDB storage of rate limits that counts many keys in a few round trips.

The rows are those of the `limits` library, which counts one key per round trip, with an additional member `after`.
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

# A key and the seconds of its window; each key has one window.
Key = tuple[str, int]

MAX_KEYS = 20_000


class BatchedMongoStorage(MongoDBStorage):
    """The library's MongoDB storage with a batched increment."""

    def __init__(self, uri: str, **options: Any) -> None:
        super().__init__(uri, **options)
        # Other processes may count between the two round trips. So `after` has the count after this worker's increment.
        self._worker_id = secrets.token_hex(6)
        # Keys that had a row. Inserting a new one takes a third of the time; a wrong guess only costs time.
        self._seen: set[Key] = set()

    def incr_many(self, amounts: Mapping[Key, int]) -> dict[Key, int]:
        """Add the amount of each key and return the counts, as `incr` does; raises PyMongoError."""
        now = clock.now()
        counts = self._increment_existing({key: amount for key, amount in amounts.items() if key in self._seen}, now)
        counts |= self._insert_new(_remaining(amounts, counts), now)  # new keys, and keys whose rows were deleted
        counts |= self._increment_existing(_remaining(amounts, counts), now)  # keys that another process inserted
        counts |= {key: self.incr(*key, amount) for key, amount in _remaining(amounts, counts).items()}
        if len(self._seen) + len(amounts) > MAX_KEYS:
            self._seen.clear()
        self._seen.update(amounts)
        return counts

    def _insert_new(self, amounts: Mapping[Key, int], now: datetime) -> dict[Key, int]:
        """Insert rows for the keys that have none; return their counts."""
        keys = list(amounts)
        existing: set[int] = set()
        rows = [{"_id": key[0], "count": amounts[key], "expireAt": now + timedelta(seconds=key[1])} for key in keys]
        try:
            if rows:
                self.counters.insert_many(rows, ordered=False)
        except BulkWriteError as error:
            problems = error.details["writeErrors"]
            if any(problem["code"] != DUPLICATE_KEY for problem in problems):
                raise
            existing = {problem["index"] for problem in problems}
        return {key: amounts[key] for at, key in enumerate(keys) if at not in existing}

    def _increment_existing(self, amounts: Mapping[Key, int], now: datetime) -> dict[Key, int]:
        """Increment the rows of the keys that have one; return their counts."""
        if not amounts:
            return {}
        self._add([self._statement(key, seconds, amount, now) for (key, seconds), amount in amounts.items()])
        query = {"_id": {"$in": [key for key, _ in amounts]}, f"after.{self._worker_id}": {"$exists": True}}
        # The read must see the write, also if the URI sets another read preference.
        counters = self.counters.with_options(read_preference=ReadPreference.PRIMARY, read_concern=ReadConcern("local"))
        counts = {
            row["_id"]: int(row["after"][self._worker_id])
            for row in counters.find(query, {f"after.{self._worker_id}": 1})
        }
        return {key: counts[key[0]] for key in amounts if key[0] in counts}

    def _add(self, statements: list[UpdateOne]) -> None:
        self.counters.bulk_write(statements, ordered=False)

    def _statement(self, key: str, seconds: int, amount: int, now: datetime) -> UpdateOne:
        is_over = {"$lt": ["$expireAt", "$$NOW"]}
        window = {
            "count": {"$cond": [is_over, amount, {"$add": ["$count", amount]}]},
            # The counts of the previous window, some of ended processes, are dropped.
            "after": {"$cond": [is_over, {}, "$after"]},
            "expireAt": {"$cond": [is_over, now + timedelta(seconds=seconds), "$expireAt"]},
        }
        return UpdateOne({"_id": key}, [{"$set": window}, {"$set": {f"after.{self._worker_id}": "$count"}}])


def _remaining(amounts: Mapping[Key, int], counts: Mapping[Key, int]) -> dict[Key, int]:
    return {key: amount for key, amount in amounts.items() if key not in counts}
