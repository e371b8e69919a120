"""Guarded updates of stock: claims and releases over any collection with capacity and taken counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Protocol

from pymongo import ReturnDocument
from pymongo.collection import Collection

from core.mongo.client import MAJORITY_READ, Document
from core.mongo.transactions import Session, Update, bulk_update

# Up to this many lines are written in strict order of id. Beyond it one statement takes all lines with the same
# count: the server plans each statement, which costs about 0.1 ms.
MAX_ORDERED_LINES = 8


@dataclass(frozen=True)
class StockFields:
    """Names of the fields that hold the capacity, the taken count, and whether the stock is closed.

    `saved`, if there is one, holds the count that is free for a queue of the stock only; it may be missing.
    """

    capacity: str = "capacity"
    taken: str = "taken"
    closed: str = "closed"
    saved: str = ""


class StockLevel(Protocol):
    """How much of a stock is left; closed stock has nothing left."""

    @property
    def remaining(self) -> int:
        """Count that can still be claimed."""

    @property
    def closed(self) -> bool:
        """Whether claims are refused whatever is left."""


def capacity_guard(fields: StockFields, count: int) -> Document:
    """Return the filter of a claim: the stock is open and `count` more fit into its capacity."""
    used: list[Any] = [f"${fields.taken}", count]
    if fields.saved:
        used.append({"$ifNull": [f"${fields.saved}", 0]})
    fits = {"$lte": [{"$add": used}, f"${fields.capacity}"]}
    return {fields.closed: False, "$expr": fits}


class Stock:
    """Stock documents of one collection, changed within the caller's transactions."""

    def __init__(self, collection: Collection[Document], fields: StockFields) -> None:
        self._collection = collection
        self._fields = fields

    def claim(self, session: Session, lines: Mapping[str, int]) -> bool:
        """Take `lines[stock id]` of each stock; return False if any stock has less left.

        After False the transaction must be aborted: some of the lines may be written already.
        """
        if len(lines) > 1:
            return bulk_update(session, self._collection, self._claims(lines)) == len(lines)
        ((stock_id, count),) = lines.items()
        claimed = self._collection.find_one_and_update(
            {"_id": stock_id, **self.guard(count)},
            self._increment(count),
            projection={"_id": 1},
            return_document=ReturnDocument.AFTER,
            session=session,
        )
        return claimed is not None

    def change(self, session: Session, claims: Mapping[str, int], releases: Mapping[str, int]) -> bool:
        """Take `claims` and give `releases` back, both counts by id; return False if a claim does not fit.

        A claim must fit without the releases of the same call: a queue of the stock may be entitled to those. False
        also means that more is released than is taken. Then the transaction must be aborted, as in `claim`.
        """
        if not releases:
            return not claims or self.claim(session, claims)
        statements = [*self._claims(claims), *self._releases(releases)]
        return bulk_update(session, self._collection, statements) == len(claims) + len(releases)

    def taken_counts(self, stock_ids: Iterable[str]) -> dict[str, int]:
        """Return the majority-committed taken counts by id; 0 for missing stock."""
        counts = dict.fromkeys(stock_ids, 0)
        committed = self._collection.with_options(read_concern=MAJORITY_READ)
        for row in committed.find({"_id": {"$in": list(counts)}}, {self._fields.taken: 1}):
            counts[row["_id"]] = row[self._fields.taken]
        return counts

    def guard(self, count: int) -> Document:
        """Return the filter that a claim of `count` adds to the id."""
        return capacity_guard(self._fields, count)

    def _claims(self, lines: Mapping[str, int]) -> list[Update]:
        return [
            ({"_id": {"$in": stock_ids}, **self.guard(count)}, self._increment(count))
            for count, stock_ids in runs_by_count(lines)
        ]

    def _releases(self, lines: Mapping[str, int]) -> list[Update]:
        """Return the updates of releases; one that releases more than is taken matches nothing."""
        taken = self._fields.taken
        return [
            ({"_id": {"$in": stock_ids}, taken: {"$gte": count}}, self._increment(-count))
            for count, stock_ids in runs_by_count(lines)
        ]

    def _increment(self, count: int) -> Document:
        return {"$inc": {self._fields.taken: count}}


def runs_by_count(lines: Mapping[str, int]) -> Iterator[tuple[int, list[str]]]:
    """Yield counts with the ids of successive lines that have them: each is one statement."""
    # MongoDB never waits for another transaction's lock, so the order cannot deadlock. One order for all lets
    # transactions conflict at their first common stock, and the winner goes on.
    ordered = sorted(lines.items())
    if len(ordered) > MAX_ORDERED_LINES:
        ordered.sort(key=_count)  # stable: in order of id within a count
    for count, run in groupby(ordered, key=_count):
        yield count, [stock_id for stock_id, _ in run]


def _count(line: tuple[str, int]) -> int:
    return line[1]
