"""Remaining tickets of all published events as a topic: a snapshot, and a `ticketUpdate` for every change.

A transaction may change several stock rows of an event, such as a tier and the pool over it: it makes one update, at
the position of the last of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import orjson

from core.mongo.client import Db
from live.model import Change, Position, Write
from live.snapshot import Snapshot
from live.sse_format import MessageFormat
from live.topics.base import Selection
from live.topics.ticket_stock import EVENT_FIELDS, EVENTS, STOCK, STOCK_FIELDS, EventStock, Stocks

TOPIC = "events"
UPDATE = "ticketUpdate"


class TicketMessages:
    """Serialises the messages about the events of one database."""

    def __init__(self, database: str) -> None:
        self._format = MessageFormat((database, TOPIC))

    def update(self, position: Position, event: EventStock) -> Change:
        """Return the change with the `ticketUpdate` of `event`."""
        tiers = [{"id": tier, "remaining": count} for tier, count in event.remaining_by_tier().items()]
        update = {"eventId": event.id, "remainingTickets": event.remaining(), "tiers": tiers}
        message = self._format.message(UPDATE, position, orjson.dumps(update))
        return Change(position, TOPIC, event.id, UPDATE, message)

    def snapshot(self, position: Position, stocks: Stocks) -> bytes:
        """Return the `snapshot` of all published events."""
        events = [{"eventId": event.id, "remainingTickets": event.remaining()} for event in stocks.published()]
        return self._format.message("snapshot", position, orjson.dumps({"events": events}))

    def position(self, message_id: str) -> Position | None:
        """Return the position in a message id about events."""
        return self._format.position(message_id)


class TicketView:
    """The stock of all events after each write; changes of events that are not public make no message."""

    selections = (Selection(EVENTS, EVENT_FIELDS), Selection(STOCK, STOCK_FIELDS))

    def __init__(self, messages: TicketMessages) -> None:
        self._messages = messages
        self._stocks = Stocks([], [])
        self._shown: set[str] = set()

    def reload(self, snapshot: Snapshot) -> None:
        """Replace the stock by that of `snapshot`."""
        self._stocks = Stocks.read(snapshot)
        self._shown = {event.id for event in self._stocks.published()}

    def apply(self, writes: Sequence[Write]) -> list[Change]:
        """Return a change for each public event that `writes` change, with its state after all of them."""
        changed: dict[str, tuple[Position, EventStock]] = {}
        for write in writes:
            event = self._put(write)
            if event is not None:
                changed.pop(event.id, None)
                changed[event.id] = (write.position, event)
        return [self._messages.update(position, event) for position, event in changed.values() if self._show(event)]

    def _put(self, write: Write) -> EventStock | None:
        if write.collection == EVENTS:
            return self._stocks.put_event(write.id, write.values)
        return self._stocks.put_row(write.id, write.values)

    def _show(self, event: EventStock) -> bool:
        """Return whether subscribers see `event`, or saw it until now and get a last update with nothing left."""
        if event.published:
            self._shown.add(event.id)
            return True
        was_shown = event.id in self._shown
        self._shown.discard(event.id)
        return was_shown


class TicketTopic:
    """The remaining tickets of all published events."""

    name = TOPIC

    def __init__(self, db: Db, messages: TicketMessages) -> None:
        self._db = db
        self._messages = messages

    def read(self) -> tuple[Position, bytes]:
        """Return the snapshot of all published events, and its position."""
        snapshot = Snapshot(self._db)
        stocks = Stocks.read(snapshot)
        return snapshot.position, self._messages.snapshot(snapshot.position, stocks)

    def position(self, message_id: str) -> Position | None:
        """Return the position in a message id about events."""
        return self._messages.position(message_id)

    def past_cutoff(self, _moment: datetime | None = None) -> int:
        """Return 0: time alone changes no stock."""
        return 0
