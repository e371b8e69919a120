"""Search segments: the folded names, e-mails, phones and references of 256 bookings in one document.

A segment covers the bookings whose ids follow the previous segment's last id, up to its own last id. It is written
after its bookings are committed, so a booking's transaction writes no search keys. `$indexOfBytes` finds the segments
that contain a part. Newer bookings, which no segment covers yet, are searched one by one.
"""

from __future__ import annotations

import math
import time
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.errors import DuplicateKeyError

from booking.search.terms import EMAIL, NAME, PHONE, REFERENCE, Part, Term, row_of
from core.mongo.client import MAJORITY_READ, Db, Document
from core.mongo.schema import CollectionSchema

SEGMENTS = CollectionSchema(
    name="booking_search_segments",
    indexes=(
        IndexModel([("start", ASCENDING)], unique=True, name="one_segment_per_start"),
        IndexModel([("dirty", ASCENDING)], partialFilterExpression={"dirty": True}, name="dirty"),
    ),
    validator={"$jsonSchema": {"required": ["start", "ids"]}},
)
# A smaller one has fewer lines to compare if it contains the words of different bookings.
SEGMENT_SIZE = 256
COLUMNS = (NAME, EMAIL, PHONE, REFERENCE)
ID_BYTES = 16
SEARCHED = {"fullName": 1, "email": 1, "phone": 1, "reference": 1}
MARK_DIRTY = {"$set": {"dirty": True}, "$inc": {"marks": 1}}


@dataclass(frozen=True)
class Segment:
    """A segment's id range, exclusive and inclusive, and the ids in it that match a search, oldest first."""

    start: str
    end: str
    matches: Sequence[str]


@dataclass(frozen=True)
class Scope:
    """The segments up to the one that ends with `last_end`, of which some have ids beyond `after`, in order."""

    last_end: str
    after: str = ""
    descending: bool = True


class SegmentStore:
    """Segments of `size` bookings in MongoDB."""

    def __init__(self, db: Db, size: int = SEGMENT_SIZE) -> None:
        self.size = size
        self._segments = db[SEGMENTS.name]
        self._bookings = db["bookings"].with_options(read_concern=MAJORITY_READ)

    def last_end(self) -> str:
        """Return the last id that a segment covers, or "" without segments."""
        last = self._segments.find_one({}, {"_id": 1}, sort=[("_id", DESCENDING)])
        return str(last["_id"]) if last else ""

    def find(self, terms: Sequence[Term], scope: Scope) -> Iterator[Segment]:
        """Yield the segments of a scope that have matches, in its order."""
        pipeline: list[Document] = [
            {"$match": _in_scope(scope)},
            {"$sort": {"_id": DESCENDING if scope.descending else ASCENDING}},
            {"$match": {"$expr": {"$and": [_contains_any(term) for term in terms]}}},
            {"$project": {"start": 1, "ids": 1, **dict.fromkeys(_columns_of(terms), 1)}},
        ]
        with self._segments.aggregate(pipeline, batchSize=8) as found:
            for document in found:
                segment = Segment(document["start"], document["_id"], _matching_ids(document, terms))
                if segment.matches:
                    yield segment

    def append(self, before: str) -> int:
        """Write the next segment of full size with ids below `before`; return its size, or 0 if there is none."""
        start = self.last_end()
        rows = self._rows({"$gt": start, "$lt": before}, self.size)
        if len(rows) < self.size:
            return 0
        end = rows[-1]["_id"]
        # An erasure between the read and the insert finds no segment to mark. The segment so begins as an outdated
        # one, and is built from the bookings as they are after the insert.
        try:
            self._segments.insert_one({"_id": end, "start": start, "dirty": True, "marks": 1, **_columns(rows)})
        except DuplicateKeyError:
            return 0  # Another process wrote it.
        self._rebuild(end)
        return len(rows)

    def mark_dirty(self, booking_ids: Sequence[str]) -> None:
        """Mark the segments of bookings as outdated."""
        ends = [row["_id"] for row in self._segments.find({}, {"_id": 1}).sort("_id", ASCENDING)]
        positions = {bisect_left(ends, booking_id) for booking_id in booking_ids}
        outdated = [ends[position] for position in positions if position < len(ends)]
        self._segments.update_many({"_id": {"$in": outdated}}, MARK_DIRTY)

    def rebuild_dirty(self, end: float = math.inf) -> None:
        """Rebuild the outdated segments until the monotonic time `end`; the others stay marked for the next call."""
        for row in list(self._segments.find({"dirty": True}, {"_id": 1})):
            if time.monotonic() >= end:
                break
            self._rebuild(row["_id"])

    def mark_incomplete(self, newest: int, offset: int) -> None:
        """Mark as outdated those of the `newest` segments, and the one at `offset`, that lack a booking."""
        recent = list(self._segments.find({}, {"start": 1, "count": 1}).sort("_id", DESCENDING).limit(newest))
        older = list(self._segments.find({}, {"start": 1, "count": 1}).sort("_id", ASCENDING).skip(offset).limit(1))
        for row in recent + older:
            ids = {"$gt": row["start"], "$lte": row["_id"]}
            if self._bookings.count_documents({"_id": ids}) != row["count"]:
                self._segments.update_one({"_id": row["_id"]}, MARK_DIRTY)

    def count_between(self, start: str, last_end: str) -> int:
        """Return the number of segments that begin at `start` or later, up to the one that ends with `last_end`."""
        return self._segments.count_documents({"_id": {"$gt": start, "$lte": last_end}})

    def count(self) -> int:
        return self._segments.estimated_document_count()

    def _rebuild(self, end: str) -> None:
        segment = self._segments.find_one({"_id": end}, {"start": 1, "marks": 1})
        if segment is None:
            return
        rows = self._rows({"$gt": segment["start"], "$lte": end})
        # If it was marked again meanwhile, these rows may be outdated, and the segment stays dirty.
        unchanged = {"_id": end, "marks": segment.get("marks")}
        self._segments.update_one(unchanged, {"$set": _columns(rows), "$unset": {"dirty": ""}})

    def _rows(self, ids: Document, limit: int = 0) -> list[Document]:
        return list(self._bookings.find({"_id": ids}, SEARCHED).sort("_id", ASCENDING).limit(limit))


def _in_scope(scope: Scope) -> Document:
    ids = {"$lte": scope.last_end}
    if not scope.after:
        return {"_id": ids}
    if scope.descending:
        return {"_id": ids, "start": {"$lt": scope.after}}
    return {"_id": {**ids, "$gt": scope.after}}


def _contains_any(term: Term) -> Document:
    return {
        "$or": [{"$gte": [{"$indexOfBytes": [f"${part.column}", {"$literal": _needle(part)}]}, 0]} for part in term]
    }


def _needle(part: Part) -> str:
    return f"\n{part.text}\n" if part.whole else part.text


def _columns_of(terms: Sequence[Term]) -> list[str]:
    return sorted({part.column for term in terms for part in term})


def _columns(rows: Sequence[Mapping[str, Any]]) -> Document:
    values = [row_of(row["fullName"], row["email"], row["phone"], row["reference"]) for row in rows]
    document: Document = {"count": len(rows), "ids": b"".join(bytes.fromhex(row["_id"]) for row in rows)}
    for column in COLUMNS:
        lines = "\n".join(each[column] for each in values)
        document[column] = f"\n{lines}\n"
    return document


def _matching_ids(document: Document, terms: Sequence[Term]) -> list[str]:
    numbers = set.intersection(*(_matching_lines(document, term) for term in terms))
    ids: bytes = document["ids"]
    return [ids[number * ID_BYTES : (number + 1) * ID_BYTES].hex() for number in sorted(numbers)]


def _matching_lines(document: Document, term: Term) -> set[int]:
    """Return the numbers of the lines that have a part of the term, counted from 0."""
    numbers: set[int] = set()
    for part in term:
        numbers.update(_lines_with(document[part.column], _needle(part)))
    return numbers


def _lines_with(lines: str, needle: str) -> Iterator[int]:
    """Yield the numbers of the lines with `needle`; each line follows a line break."""
    number = -1
    counted = 0
    found = lines.find(needle)
    while found >= 0:
        # A needle of a whole line begins with its line break.
        number += lines.count("\n", counted, found + 1)
        counted = found + 1
        yield number
        following = lines.find("\n", found + 1)
        found = lines.find(needle, following)
