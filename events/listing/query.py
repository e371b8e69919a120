"""Queries of the event list: pages and counts, each through the index that gives its order."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo import ASCENDING, DESCENDING

from core.mongo.client import Db, Document
from core.pagination import Cursor
from events.listing.model import EventOrder, EventPage, EventQuery
from events.model import EventStatus
from events.store import EVENTS, EventStore

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
FIELDS = {
    EventOrder.UPCOMING: "date",
    EventOrder.DATE: "date",
    EventOrder.PRICE: "priceKey",
    EventOrder.LOWEST_PRICE: "lowestPriceKey",
    EventOrder.TITLE: "titleKey",
    EventOrder.NEWEST: "_id",
}
INDEXES = {
    "date": "by_date",
    "priceKey": "by_price",
    "lowestPriceKey": "by_lowest_price",
    "titleKey": "by_title",
    "_id": "by_id",
}


@dataclass(frozen=True)
class _Range:
    """Successive events of an order: those that match `where`, by one field and then by id."""

    where: Document
    field: str
    direction: int

    @property
    def sort(self) -> list[tuple[str, int]]:
        if self.field == "_id":
            return [("_id", self.direction)]
        return [(self.field, self.direction), ("_id", self.direction)]

    def after(self, value: Any, event_id: str) -> list[_Range]:
        """Return the ranges behind an event of this one."""
        onward = "$gt" if self.direction == ASCENDING else "$lt"
        if self.field == "_id":
            return [self._narrowed({"_id": {onward: event_id}})]
        equal = self._narrowed({self.field: value, "_id": {onward: event_id}})
        return [equal, self._narrowed({self.field: {onward: value}})]

    def _narrowed(self, condition: Document) -> _Range:
        return _Range({"$and": [self.where, condition]}, self.field, self.direction)


@dataclass(frozen=True)
class _Position:
    """The position of an event in an order: its value and id, and the time that divides upcoming and past events.

    A walk keeps the time with which it began, so that no event is shown both as upcoming and as past.
    """

    value: Any
    event_id: str
    divide: datetime

    @classmethod
    def of(cls, cursor: Cursor, order: EventOrder) -> _Position:
        """Return the position of a cursor, whose text was checked when it was parsed."""
        if order is EventOrder.UPCOMING:
            divide, _, value = cursor.value.partition("-")
            return cls(_time(value), cursor.id, _time(divide))
        if order is EventOrder.DATE:
            return cls(_time(cursor.value), cursor.id, EPOCH)
        if order in (EventOrder.PRICE, EventOrder.LOWEST_PRICE):
            return cls(int(cursor.value), cursor.id, EPOCH)
        return cls(cursor.value, cursor.id, EPOCH)


class EventListing:
    """Pages of events."""

    def __init__(self, db: Db, store: EventStore) -> None:
        self._db = db
        self._events = db[EVENTS.name]
        self._store = store

    def find(self, query: EventQuery, now: datetime) -> EventPage:
        """Return a page; `now` divides upcoming and past events unless the cursor says when its walk began."""
        divide = now
        position = None
        if query.after:
            position = _Position.of(query.after, query.order)
            if query.order is EventOrder.UPCOMING:
                divide = position.divide
        ranges = _ranges(query, divide)
        skip = 0 if position else (query.page - 1) * query.limit
        rest = _after(ranges, position) if position else ranges
        found = self._read(rest, skip, query.limit + 1)
        next_ = None
        if len(found) > query.limit:
            next_ = _cursor(query, found[query.limit - 1], divide)
        events = self._store.with_stock(found[: query.limit])
        return EventPage(events, self._count(_matching(query)), next_)

    def _read(self, ranges: Sequence[_Range], skip: int, limit: int) -> list[Document]:
        """Return up to `limit` documents of successive ranges without the first `skip`."""
        found: list[Document] = []
        for number, each in enumerate(ranges):
            cursor = self._events.find(each.where).sort(each.sort).hint(INDEXES[each.field])
            found += cursor.skip(skip).limit(limit - len(found))
            if len(found) == limit:
                break
            if skip and not found and number + 1 < len(ranges):
                skip -= min(skip, self._count(each.where))
            else:
                skip = 0
        return found

    def _count(self, where: Document) -> int:
        # The command count takes a quarter of the time of an aggregation; it needs no transaction here.
        return int(self._db.command({"count": EVENTS.name, "query": where})["n"])


def _matching(query: EventQuery) -> Document:
    where: Document = {"status": {"$in": [status.value for status in query.statuses]}}
    if query.statuses == (EventStatus.PUBLISHED,):
        where = {"status": EventStatus.PUBLISHED.value}
    if query.search:
        where["search"] = {"$regex": re.escape(query.search)}
    return where


def _ranges(query: EventQuery, divide: datetime) -> list[_Range]:
    where = _matching(query)
    field = FIELDS[query.order]
    if query.order is EventOrder.UPCOMING:
        return [
            _Range({**where, "date": {"$gte": divide}}, field, ASCENDING),
            _Range({**where, "date": {"$lt": divide}}, field, DESCENDING),
        ]
    return [_Range(where, field, DESCENDING if query.descending else ASCENDING)]


def _after(ranges: Sequence[_Range], position: _Position) -> list[_Range]:
    """Return what is left of `ranges` behind a position."""
    first, *others = ranges
    if others and position.value < position.divide:
        first, *others = others
    return [*first.after(position.value, position.event_id), *others]


def _cursor(query: EventQuery, last: Document, divide: datetime) -> Cursor:
    value = last[FIELDS[query.order]]
    if query.order is EventOrder.UPCOMING:
        text = f"{_milliseconds(divide)}-{_milliseconds(value)}"
    elif query.order is EventOrder.DATE:
        text = str(_milliseconds(value))
    else:
        text = str(value)
    return Cursor(last["_id"], text, query.cursor_order)


def _milliseconds(moment: datetime) -> int:
    return (moment - EPOCH) // MILLISECOND


def _time(milliseconds: str) -> datetime:
    return EPOCH + int(milliseconds) * MILLISECOND
