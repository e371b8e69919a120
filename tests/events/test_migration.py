"""Migration of events that were stored without the price of their cheapest tier."""

from __future__ import annotations

import pytest

import wiring
from core.mongo.client import Db
from events import migration
from tests.event_calls import new_tier, store_event


def test_stored_events_get_their_lowest_price(db: Db, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migration, "BATCH_SIZE", 1)
    old = store_event(db, new_tier("VIP", 10000), new_tier(price=1000))
    other = store_event(db, new_tier(price=700), currency="JPY")
    partly = store_event(db, new_tier("VIP", 9000), new_tier(price=500))
    db.event_stock.update_one({"_id": partly.tiers[1].id}, {"$set": {"withdrawn": True}})
    db.events.update_many({}, {"$unset": {"lowestPriceKey": ""}})
    present = store_event(db, new_tier(price=300))
    db.events.update_one({"_id": present.id}, {"$set": {"lowestPriceKey": 1}})

    wiring.prepare_database(db)

    keys = {row["_id"]: row["lowestPriceKey"] for row in db.events.find()}
    assert keys == {old.id: 100_000, other.id: 7_000_000, partly.id: 900_000, present.id: 1}
