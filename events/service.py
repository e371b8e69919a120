"""Reads of events, and the rules of when their tickets are on sale."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from core.clock import Clock
from events.errors import EventCancelled, EventNotFound, SalesClosed, TierNotFound
from events.model import Event, EventStatus, Tier
from events.store import EventStore


@dataclass(frozen=True)
class Events:
    """Events as the public sees them."""

    store: EventStore
    clock: Clock

    def get(self, event_id: str) -> Event:
        """Return a published or cancelled event; raises EventNotFound, also for a draft."""
        return _public(self.store.get(event_id))

    def get_many(self, event_ids: Iterable[str]) -> dict[str, Event]:
        """Return the published and cancelled ones of some events by id."""
        found = self.store.get_many(event_ids)
        return {event_id: event for event_id, event in found.items() if event.status is not EventStatus.DRAFT}

    def of_tier(self, tier_id: str) -> tuple[Event, Tier]:
        """Return a tier with its event; raises TierNotFound, also for a draft's."""
        event = self.store.of_tier(tier_id)
        for tier in event.tiers:
            if tier.id == tier_id and event.status is not EventStatus.DRAFT:
                return event, tier
        raise TierNotFound

    def of_tiers(self, tier_ids: Iterable[str]) -> dict[str, tuple[Event, Tier]]:
        """Return tiers with their events by the tier's id; raises TierNotFound if one is unknown or a draft's."""
        wanted = set(tier_ids)
        found = {}
        for event in self.store.of_tiers(wanted):
            if event.status is not EventStatus.DRAFT:
                found.update({tier.id: (event, tier) for tier in event.tiers})
        if not wanted <= found.keys():
            raise TierNotFound
        return found

    def require_on_sale(self, event: Event) -> None:
        """Raise EventCancelled or SalesClosed if no ticket of `event` can be bought now."""
        if event.status is EventStatus.CANCELLED:
            raise EventCancelled
        if self.clock() >= event.sales_end:
            raise SalesClosed


def _public(event: Event) -> Event:
    if event.status is EventStatus.DRAFT:
        raise EventNotFound
    return event
