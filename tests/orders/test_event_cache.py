"""Cache of events for claims: only events whose tickets a commit released or changed are read again."""

from __future__ import annotations

from core.clock import now
from core.mongo.client import Db
from events.model import Event
from events.service import Events
from events.store import EventStore
from orders.event_cache import EventCache
from tests.event_calls import new_tier, store_event


def cached(db: Db) -> tuple[EventCache, Event, Event]:
    """Return a cache with two events, whose titles have changed since."""
    events = [store_event(db, new_tier(), pool=5), store_event(db)]
    cache = EventCache(Events(EventStore(db), now))
    for event in events:
        cache.get(event.id)
    db["events"].update_many({}, {"$set": {"title": "Changed"}})
    return cache, events[0], events[1]


def test_committed_change_drops_only_the_events_of_its_stock(db: Db) -> None:
    cache, changed, other = cached(db)
    assert changed.pool

    cache.invalidate_changed({changed.pool.id})

    assert cache.get(changed.id).title == "Changed"
    assert cache.get(other.id).title == other.title


def test_change_of_other_stock_drops_no_event(db: Db) -> None:
    cache, first, second = cached(db)

    cache.invalidate_changed({"unknown"})

    assert [cache.get(event.id).title for event in (first, second)] == [first.title, second.title]
