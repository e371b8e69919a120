"""Cache of events for claims: definitions are at most a second old; the guard of the stock decides about counts."""

from __future__ import annotations

from collections.abc import Collection

from core.concurrency.ttl_cache import TTLCache
from events.model import Event
from events.service import Events

TTL_SECONDS = 1.0


class EventCache:
    """Published and cancelled events by id, of one process."""

    def __init__(self, events: Events) -> None:
        self.events = events
        self._cached = TTLCache(events.get, TTL_SECONDS, batched=True)

    def get(self, event_id: str) -> Event:
        """Return an event of at most a second ago; raises EventNotFound."""
        return self._cached(event_id)

    def fresh(self, event_id: str) -> Event:
        """Return an event as it is now, and drop what is cached; raises EventNotFound."""
        self._cached.invalidate()
        return self.events.get(event_id)

    def invalidate_changed(self, stock_ids: Collection[str]) -> None:
        """Drop the events of which tickets were released, or which were edited."""
        if stock_ids:
            self._cached.invalidate_where(lambda event: any(stock.id in stock_ids for stock in event.stock))
