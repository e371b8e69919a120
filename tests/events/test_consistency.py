"""`flask verify` over events: each planted mismatch is named."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from core.mongo.client import Db
from events.model import Event
from tests.event_calls import new_tier, store_event

Plant = Callable[[Db, Event], object]
PLANTED: list[tuple[str, Plant]] = [
    ("names 2 tiers and has 1", lambda db, event: db["event_stock"].delete_one({"_id": event.tiers[0].id})),
    ("names 0 tiers and has 2", lambda db, _: db["events"].update_one({}, {"$set": {"tierIds": []}})),
    ("3 stock rows of event", lambda db, event: db["events"].delete_one({"_id": event.id})),
    ("sorted by another title", lambda db, _: db["events"].update_one({}, {"$set": {"title": "Other"}})),
    ("more than one pool", lambda db, _: db["event_stock"].insert_one(second_pool(db))),
]


def second_pool(db: Db) -> dict[str, object]:
    pool = db["event_stock"].find_one({"kind": "pool"})
    assert pool
    return {**pool, "_id": "0" * 32}


def test_consistent_events_are_not_reported(app: Flask, db: Db) -> None:
    store_event(db, new_tier("VIP"), new_tier("GA"), pool=5)

    result = app.test_cli_runner().invoke(args=["verify"])

    assert result.exit_code == 0, result.output


@pytest.mark.parametrize(("sentence", "plant"), PLANTED, ids=[sentence for sentence, _ in PLANTED])
def test_planted_mismatch_of_an_event_is_reported(app: Flask, db: Db, sentence: str, plant: Plant) -> None:
    plant(db, store_event(db, new_tier("VIP"), new_tier("GA"), pool=5))

    result = app.test_cli_runner().invoke(args=["verify"])

    assert result.exit_code == 1
    assert sentence in result.output
