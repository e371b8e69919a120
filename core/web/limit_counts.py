"""Counting many keys of the rate limits at once in MongoDB, in one to three round trips however many keys there are.

The rows are those of the `limits` library, which counts one key a round trip, with a note `after`: a crowd has an
address each.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from limits.storage import MongoDBStorage
from pymongo import ReadPreference, UpdateOne
from pymongo.errors import BulkWriteError
from pymongo.read_concern import ReadConcern

from core import clock

# A key and how many seconds its window lasts; a key has one window alone.
Key = tuple[str, int]

DUPLICATE_KEY = 11000
# How often a row is tried that another process makes at the same moment; the server does so itself, as a rule.
TRIES = 3
MOST_REMEMBERED = 20_000


class MongoCounts(MongoDBStorage):
    """The library's storage of counts in MongoDB, which can count many keys together."""

    def __init__(self, uri: str, **options: Any) -> None:
        """Connect to `uri` when first asked."""
        super().__init__(uri, **options)
        # Others may count between the two round trips: each row notes what its count was after this process's turn.
        self._me = secrets.token_hex(6)
        # Keys that had a row; a new one is inserted, which takes a third of the time. A wrong guess costs time alone.
        self._seen: set[Key] = set()

    def incr_many(self, amounts: Mapping[Key, int]) -> dict[Key, int]:
        """Count the amount of each key and return the counts after it, as `incr` does; raises PyMongoError."""
        now = clock.now()
        begun = self._begin({key: amount for key, amount in amounts.items() if key not in self._seen}, now)
        known = {key: amount for key, amount in amounts.items() if key not in begun}
        if len(self._seen) + len(amounts) > MOST_REMEMBERED:
            self._seen.clear()
        self._seen.update(amounts)
        return {**begun, **self._go_on(known, now)}

    def _begin(self, amounts: Mapping[Key, int], now: datetime) -> dict[Key, int]:
        """Insert rows for `amounts`; return the counts of those that were not there yet."""
        keys = list(amounts)
        rows = [{"_id": key[0], "count": amounts[key], "expireAt": now + timedelta(seconds=key[1])} for key in keys]
        there: set[int] = set()
        try:
            if rows:
                self.counters.insert_many(rows, ordered=False)
        except BulkWriteError as error:
            there = _duplicates(error)
        return {key: amounts[key] for at, key in enumerate(keys) if at not in there}

    def _go_on(self, amounts: Mapping[Key, int], now: datetime) -> dict[Key, int]:
        """Count on rows that are there, as a rule; return the counts."""
        if not amounts:
            return {}
        self._add([self._statement(key, seconds, amount, now) for (key, seconds), amount in amounts.items()])
        mine = {"_id": {"$in": [key for key, _ in amounts]}, f"after.{self._me}": {"$exists": True}}
        # Whatever the address says of reading: what has just been written must be seen.
        counters = self.counters.with_options(read_preference=ReadPreference.PRIMARY, read_concern=ReadConcern("local"))
        counts = {row["_id"]: int(row["after"][self._me]) for row in counters.find(mine, {f"after.{self._me}": 1})}
        # A row that has gone since then was at the end of its window: what was counted on it is counted on the next.
        return {key: counts[key[0]] if key[0] in counts else self.incr(*key, amount) for key, amount in amounts.items()}

    def _add(self, statements: list[UpdateOne]) -> None:
        for last in (False,) * (TRIES - 1) + (True,):
            try:
                self.counters.bulk_write(statements, ordered=False)
            except BulkWriteError as error:
                again = _duplicates(error)
                if last:
                    raise
                statements = [each for at, each in enumerate(statements) if at in again]
                if not statements:
                    return
            else:
                return

    def _statement(self, key: str, seconds: int, amount: int, now: datetime) -> UpdateOne:
        # A row that is not there yet has no end either, and so counts as one that is over.
        is_over = {"$lt": ["$expireAt", "$$NOW"]}
        window = {
            "count": {"$cond": [is_over, amount, {"$add": ["$count", amount]}]},
            # Notes of the window before, of processes that may have ended, go with it.
            "after": {"$cond": [is_over, {}, "$after"]},
            "expireAt": {"$cond": [is_over, now + timedelta(seconds=seconds), "$expireAt"]},
        }
        return UpdateOne({"_id": key}, [{"$set": window}, {"$set": {f"after.{self._me}": "$count"}}], upsert=True)


def _duplicates(error: BulkWriteError) -> set[int]:
    """Return which statements met a row that is there already; raises `error` when any failed for another reason."""
    problems: Iterable[Mapping[str, Any]] = error.details["writeErrors"]
    if any(problem["code"] != DUPLICATE_KEY for problem in problems):
        raise error
    return {problem["index"] for problem in problems}
