"""Carts priced by cached events: what another process has changed within the last second is refused or found."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.ids import new_id
from core.mongo.transactions import transaction
from events.model import Event, TicketStock
from events.pool_store import EventPools
from events.store import EventStore
from orders.event_cache import EventCache
from tests.api_client import Answer
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


def cached_event(shop: Shop, *plans: TierPlan, pool: int | None = None) -> Event:
    event = shop.event(*plans, pool=pool)
    shop.services.orders.purchases.place.price.cache.get(event.id)
    return event


def add_pool(shop: Shop, event: Event) -> TicketStock:
    """Add a pool of one ticket to an event, as another process does that has made it a draft meanwhile."""
    pool = TicketStock(id=new_id(shop.now), event_id=event.id, capacity=1)
    store_elsewhere(shop, event, replace(event, pool=pool))
    return pool


def claims(shop: Shop, event: Event) -> list[Answer]:
    """Let three people claim the first tier: by an order, a hold and a reservation."""
    tier = event.tiers[0]
    path = f"/api/events/{event.id}/reserve"
    return [
        shop.buyer().order((tier, 1)),
        shop.buyer().hold((tier, 1)),
        shop.buyer().send("POST", path),
    ]


def test_claims_of_a_cached_event_count_in_its_new_pool(shop: Shop) -> None:
    event = cached_event(shop, TierPlan(capacity=3))
    pool = add_pool(shop, event)

    answers = claims(shop, event)

    assert [answer.status for answer in answers] == [201, 409, 409]
    assert (shop.stock(pool.id)[0], shop.stock(event.tiers[0].id)[0]) == (1, 1)


def test_control_claims_without_the_look_for_pools_exceed_it(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EventPools, "are_left_out", lambda *_: False)
    event = cached_event(shop, TierPlan(capacity=3))
    pool = add_pool(shop, event)

    answers = claims(shop, event)

    assert [answer.status for answer in answers] == [201, 201, 201]
    assert (shop.stock(pool.id)[0], shop.stock(event.tiers[0].id)[0]) == (0, 3)


def test_claims_of_a_cached_event_succeed_without_its_former_pool(shop: Shop) -> None:
    event = cached_event(shop, TierPlan(capacity=3), pool=3)
    store_elsewhere(shop, event, replace(event, pool=None))

    assert [answer.status for answer in claims(shop, event)] == [201, 201, 201]


def test_order_of_a_held_tier_that_the_cached_event_lacks_is_placed(shop: Shop, buyer: Buyer, event: Event) -> None:
    added = replace(event.tiers[0], id=f"{event.id}-added", code="NEW", taken=0, held=0)
    store_elsewhere(shop, event, replace(event, tiers=[*event.tiers, added]))
    hold = buyer.hold((added, 1)).json

    assert buyer.order(holdId=hold["id"]).status == 201


def test_free_order_of_a_held_ticket_says_that_its_event_was_cancelled(shop: Shop, buyer: Buyer) -> None:
    event = cached_event(shop, TierPlan(price=0))
    hold = buyer.hold((event.tiers[0], 1)).json
    shop.db["events"].update_one({"_id": event.id}, {"$set": {"status": "cancelled"}})

    assert buyer.order(holdId=hold["id"]).code == "event_cancelled"


def test_repeated_reads_of_the_cache_ask_once(shop: Shop, event: Event, monkeypatch: pytest.MonkeyPatch) -> None:
    cache: EventCache = shop.services.orders.purchases.place.price.cache
    cache.of_tiers([event.tiers[0].id])
    monkeypatch.setattr(EventStore, "get_many", None)

    found = cache.of_tiers([event.tiers[0].id])

    assert found[event.tiers[0].id][0].id == event.id
