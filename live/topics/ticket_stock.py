"""Stock of all events in memory, kept up to date by the writes of a change stream."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from core.mongo.client import Document
from events.model import EventStatus, StockKind, TicketStock
from live.snapshot import Snapshot

EVENTS = "events"
STOCK = "event_stock"
EVENT_FIELDS = ("status",)
STOCK_FIELDS = ("eventId", "kind", "position", "capacity", "taken", "closed")


@dataclass
class EventStock:
    """Whether an event is published, and its stock rows: the tiers in order, and the pool if it has one."""

    id: str
    published: bool = False
    tiers: dict[str, TicketStock] = field(default_factory=dict)
    pools: dict[str, TicketStock] = field(default_factory=dict)

    def remaining(self) -> int:
        """Return the number of tickets that can be claimed, as `Event.remaining` does."""
        return self._available(sum(tier.remaining for tier in self.tiers.values()))

    def remaining_by_tier(self) -> dict[str, int]:
        """Return the number of tickets of each tier that can be claimed, as `Event.remaining_of` does."""
        return {tier.id: self._available(tier.remaining) for tier in self.tiers.values()}

    def _available(self, count: int) -> int:
        """Return `count`, at most what the pool has left; 0 unless the event is published."""
        if not self.published:
            return 0
        return min([count, *(pool.remaining for pool in self.pools.values())])


class Stocks:
    """Events with their stock rows by id, kept up to date write by write."""

    def __init__(self, events: Sequence[Document], rows: Sequence[Document]) -> None:
        self.by_event: dict[str, EventStock] = {}
        self._event_of_row: dict[str, EventStock] = {}
        for document in events:
            self.put_event(document["_id"], document)
        for document in sorted(rows, key=_order):
            self.put_row(document["_id"], document)

    @classmethod
    def read(cls, snapshot: Snapshot) -> Stocks:
        """Return all events of `snapshot`."""
        return cls(snapshot.find(EVENTS, EVENT_FIELDS), snapshot.find(STOCK, STOCK_FIELDS))

    def published(self) -> Iterator[EventStock]:
        """Yield the published events in order of id."""
        for _, event in sorted(self.by_event.items()):
            if event.published:
                yield event

    def put_event(self, event_id: str, values: Mapping[str, Any] | None) -> EventStock:
        """Apply a write of an event's document; return the event, without stock if it was deleted."""
        event = self._event(event_id)
        if values is not None:
            event.published = values.get("status") == EventStatus.PUBLISHED
            return event
        del self.by_event[event_id]
        for row_id in [*event.tiers, *event.pools]:
            self._event_of_row.pop(row_id, None)
        return EventStock(event_id)

    def put_row(self, row_id: str, values: Mapping[str, Any] | None) -> EventStock | None:
        """Apply a write of a stock row; return its event, or None if the row is unknown."""
        event = self._event_of_row.get(row_id)
        if event is None and values is not None and "eventId" in values:
            event = self._event(values["eventId"])
            self._event_of_row[row_id] = event
        if event is None:
            return None
        if values is None:
            _remove(event, row_id)
            del self._event_of_row[row_id]
        else:
            _store(event, row_id, values)
        return event

    def _event(self, event_id: str) -> EventStock:
        return self.by_event.setdefault(event_id, EventStock(event_id))


def _order(document: Document) -> int:
    return int(document.get("position", 0))


def _store(event: EventStock, row_id: str, values: Mapping[str, Any]) -> None:
    """Store the fields that a write changed in a row of `event`; its first write has all of them."""
    rows = event.pools if row_id in event.pools or values.get("kind") == StockKind.POOL else event.tiers
    stock = rows.get(row_id) or TicketStock(id=row_id, event_id=event.id, capacity=0)
    rows[row_id] = replace(
        stock,
        capacity=values.get("capacity", stock.capacity),
        taken=values.get("taken", stock.taken),
        closed=values.get("closed", stock.closed),
    )


def _remove(event: EventStock, row_id: str) -> None:
    event.tiers.pop(row_id, None)
    event.pools.pop(row_id, None)
