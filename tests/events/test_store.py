"""Store of events: an event with its stock as it was stored, and the levels of stock."""

from __future__ import annotations

import pytest

from core.mongo.client import Db
from events.errors import EventNotFound, TierNotFound
from events.store import EventStore
from tests.event_calls import new_tier, store_event


def test_stored_event_is_read_with_its_tiers_in_order(db: Db) -> None:
    store_event(db)
    event = store_event(db, new_tier("VIP"), new_tier("GA"), pool=15)

    assert EventStore(db).get(event.id) == event
    assert EventStore(db).of_tier(event.tiers[1].id) == event


def test_unknown_event_and_tier_are_not_found(db: Db) -> None:
    event = store_event(db, pool=5)
    assert event.pool

    with pytest.raises(EventNotFound):
        EventStore(db).get("0" * 32)
    for unknown in ("0" * 32, event.pool.id):
        with pytest.raises(TierNotFound):
            EventStore(db).of_tier(unknown)


def test_level_of_deleted_stock_is_closed(db: Db) -> None:
    event = store_event(db)

    levels = EventStore(db).stock_levels([event.tiers[0].id, "0" * 32])

    assert levels[event.tiers[0].id] == event.tiers[0]
    assert levels["0" * 32].closed
    assert levels["0" * 32].remaining == 0
