"""Cache of events for claims: definitions are at most a second old; the guard of the stock decides about counts."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from core.concurrency.ttl_cache import TTLCache
from events.errors import EventNotFound, TierNotFound
from events.model import Event, Tier
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

    def of_tiers(self, tier_ids: Iterable[str]) -> dict[str, tuple[Event, Tier]]:
        """Return tiers with their events by the tier's id, of at most a second ago.

        Raises TierNotFound if one is unknown, or a draft's.
        """
        found: dict[str, tuple[Event, Tier]] = {}
        for tier_id in tier_ids:
            if tier_id not in found:
                event = self._of_tier(tier_id)
                found.update({tier.id: (event, tier) for tier in event.tiers})
            if tier_id not in found:
                raise TierNotFound
        return found

    def _of_tier(self, tier_id: str) -> Event:
        try:
            return self.get(self.events.store.event_id_of(tier_id))
        except EventNotFound:
            raise TierNotFound from None

    def fresh(self, event_id: str) -> Event:
        """Return an event as it is now, and drop what is cached; raises EventNotFound."""
        self.clear()
        return self.events.get(event_id)

    def clear(self) -> None:
        """Drop all events."""
        self._cached.invalidate()

    def invalidate_changed(self, stock_ids: Collection[str]) -> None:
        """Drop the events of which tickets were released, or which were edited."""
        if stock_ids:
            self._cached.invalidate_where(lambda event: any(stock.id in stock_ids for stock in event.stock))
