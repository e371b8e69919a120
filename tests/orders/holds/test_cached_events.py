"""Carts priced by cached events: what another process has changed within the last second is refused or found."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.mongo.transactions import transaction
from events.model import Event
from events.store import EventStore
from orders.event_cache import EventCache
from tests.orders.shop import Buyer, Shop, TierPlan


@pytest.fixture
def event(shop: Shop, buyer: Buyer) -> Event:
    """An event that the process has in its cache."""
    event = shop.event(TierPlan(capacity=3))
    assert buyer.hold((event.tiers[0], 1)).status == 201
    return event


def store_elsewhere(shop: Shop, before: Event, after: Event) -> None:
    """Store an event as another process does: this one is not aware of it."""
    transaction(shop.services.client, lambda session: EventStore(shop.db).update(session, before, after), 5)


def test_hold_of_a_cached_event_that_was_cancelled_is_refused(shop: Shop, buyer: Buyer, event: Event) -> None:
    shop.db["events"].update_one({"_id": event.id}, {"$set": {"status": "cancelled"}})
    shop.db["event_stock"].update_many({"eventId": event.id}, {"$set": {"closed": True}})

    assert buyer.hold((event.tiers[0], 2)).code == "event_cancelled"
    assert shop.buyer().order((event.tiers[0], 1)).code == "event_cancelled"


def test_hold_of_a_cached_tier_that_was_closed_is_refused(shop: Shop, buyer: Buyer, event: Event) -> None:
    shop.db["event_stock"].update_one({"_id": event.tiers[0].id}, {"$set": {"closed": True}})

    assert buyer.hold((event.tiers[0], 2)).code == "sales_closed"
    assert shop.buyer().order((event.tiers[0], 1)).code == "sales_closed"


def test_hold_of_a_tier_that_a_cached_event_lacks_is_made(shop: Shop, buyer: Buyer, event: Event) -> None:
    added = replace(event.tiers[0], id=f"{event.id}-added", code="NEW", taken=0, held=0)
    store_elsewhere(shop, event, replace(event, tiers=[*event.tiers, added]))

    assert buyer.hold((added, 1)).status == 201


def test_hold_beyond_a_cached_limit_that_was_raised_is_made(shop: Shop, buyer: Buyer) -> None:
    event = shop.event(TierPlan(capacity=3), max_per_order=1)
    assert buyer.hold((event.tiers[0], 1)).status == 201
    store_elsewhere(shop, event, replace(event, max_per_order=2))

    assert buyer.hold((event.tiers[0], 2)).status == 201


def test_repeated_reads_of_the_cache_ask_once(shop: Shop, event: Event, monkeypatch: pytest.MonkeyPatch) -> None:
    cache: EventCache = shop.services.orders.purchases.place.price.cache
    cache.of_tiers([event.tiers[0].id])
    monkeypatch.setattr(EventStore, "get_many", None)

    found = cache.of_tiers([event.tiers[0].id])

    assert found[event.tiers[0].id][0].id == event.id
