"""Ranges of a key that split collections into parts, so that no command reads all of a large one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from pymongo import ASCENDING
from pymongo.collection import Collection

from core.mongo.client import Document
from core.mongo.transactions import Session

# A collection with the name of an indexed field that has the key.
Keyed = tuple[Collection[Document], str]
# Keys that are no strings; the ranges of strings do not have them.
OTHERS: Document = {"$not": {"$type": "string"}}


def key_ranges(snapshot: Session, collections: Sequence[Keyed], size: int) -> Iterator[Document]:
    """Yield conditions on a key of strings that together match every row of the collections once.

    A range has at most `size` entries of each collection, and the entries of its last key.
    """
    start: Document = {}
    while True:
        ends = [_end(snapshot, keyed, start, size) for keyed in collections]
        end = min([key for key in ends if key is not None], default=None)
        if end is None:
            break
        yield {**start, "$lte": end}
        start = {"$gt": end}
    yield start or {"$type": "string"}
    yield OTHERS


def _end(snapshot: Session, keyed: Keyed, start: Document, size: int) -> Any:
    """Return the key of the last of `size` entries from `start`, or None if there are fewer."""
    collection, field = keyed
    wanted = start or {"$gte": ""}
    found = collection.find({field: wanted}, {"_id": 0, field: 1}, session=snapshot)
    row = next(found.sort(field, ASCENDING).skip(size - 1).limit(1), None)
    return row[field] if row else None
