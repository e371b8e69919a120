"""Snapshot reads: pages, one cluster time, and a bound in time."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

import live.snapshot
from core.mongo.client import Client, Db, timeout
from live.model import END
from live.snapshot import Snapshot


@pytest.fixture
def db(mongo: Client) -> Iterator[Db]:
    db = mongo[f"snapshot-{uuid.uuid4().hex[:12]}"]
    yield db
    mongo.drop_database(db.name)


@pytest.mark.parametrize("count", [0, 2, 3, 4, 6, 7])
def test_find_returns_all_pages_in_order_of_id(count: int, db: Db, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live.snapshot, "PAGE_SIZE", 3)
    db.create_collection("rows")
    for number in range(count):
        db["rows"].insert_one({"_id": f"{number}", "kind": "a", "other": 1})
        db["rows"].insert_one({"_id": f"{number}x", "kind": "b"})

    with timeout(30):
        found = Snapshot(db).find("rows", ["kind"], {"kind": "a"})

    assert found == [{"_id": f"{number}", "kind": "a"} for number in range(count)]


def test_later_finds_see_the_time_of_the_first(db: Db, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live.snapshot, "PAGE_SIZE", 1)
    db["rows"].insert_one({"_id": "1"})
    db["others"].insert_one({"_id": "1"})
    snapshot = Snapshot(db)
    before = snapshot.find("rows", [])
    time = snapshot.time

    db["rows"].insert_one({"_id": "2"})
    db["others"].delete_one({"_id": "1"})

    assert snapshot.find("rows", []) == before == [{"_id": "1"}]
    assert snapshot.find("others", []) == [{"_id": "1"}]
    assert snapshot.time == time
    assert snapshot.position == (time.time, time.inc, END)


def test_snapshot_of_missing_collection_has_a_time(db: Db) -> None:
    snapshot = Snapshot(db)

    assert snapshot.find("rows", []) == []
    assert snapshot.time.time > 0


def test_time_of_snapshot_without_read_is_an_error(db: Db) -> None:
    with pytest.raises(ValueError, match="nothing was read"):
        _ = Snapshot(db).time
