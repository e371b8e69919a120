"""Plan of the release of seats: the partial index serves it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from core.mongo.client import Db, Document
from core.mongo.transactions import Session, Update, bulk_update, transaction
from events import seat_store
from events.seat_store import SeatStore
from tests.event_calls import new_tier, store_event


def stages(plan: Document) -> Iterator[str]:
    yield plan["stage"]
    for inner in (plan.get("inputStage"), *plan.get("inputStages", [])):
        if inner:
            yield from stages(inner)


def test_release_of_seats_reads_the_index_of_holders(db: Db, monkeypatch: pytest.MonkeyPatch) -> None:
    store_event(db, new_tier(capacity=3, seats=["A1", "A2", "A3"]))
    sent: list[Update] = []

    def record(session: Session, collection: Any, updates: list[Update]) -> int:
        sent.extend(updates)
        return bulk_update(session, collection, updates)

    monkeypatch.setattr(seat_store, "bulk_update", record)
    transaction(db.client, lambda session: SeatStore(db).release(session, ["one", "two"]), 5)

    ((where, change),) = sent
    plan = db.command({"explain": {"update": "seats", "updates": [{"q": where, "u": change, "multi": True}]}})
    names = set(stages(plan["queryPlanner"]["winningPlan"]))
    assert "IXSCAN" in names
    assert "COLLSCAN" not in names
