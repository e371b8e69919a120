"""Migration of bookings that were stored with indexed suffixes."""

from __future__ import annotations

import time
from typing import Any

import pytest

from booking.search import migration
from booking.search.maintenance import MaintainSearch
from core.mongo.client import Db
from tests.api_client import Api


@pytest.fixture
def old(db: Db, people: list[str]) -> list[str]:
    """Bookings as they were stored before the segments, with their indexes."""
    for row in db["bookings"].find():
        folded = row["fullName"].casefold()
        parts = {"nameFolded": folded, "nameParts": [folded[at:] for at in range(len(folded))], "phoneParts": ["1"]}
        db["bookings"].update_one({"_id": row["_id"]}, {"$set": parts})
    db["bookings"].create_index([("nameParts", 1), ("date", 1), ("_id", -1)], name="by_part_of_name")
    db["bookings"].create_index([("phoneParts", 1), ("_id", -1)], name="by_part_of_phone")
    return people


def found(api: Api, **query: Any) -> list[str]:
    return [item["_id"] for item in api.admin("GET", "/bookings", query=query).json["items"]]


def test_old_bookings_are_found_before_the_migration(api: Api, old: list[str]) -> None:
    assert found(api, name="m\u00fcll") == [old[1]]
    assert found(api, q="M\u00fcller") == [old[1]]
    assert found(api, phone="151 234") == [old[1]]
    assert found(api, q="amm1987") == [old[1]]


def test_migration_folds_names_and_removes_suffixes_and_indexes(
    api: Api, db: Db, old: list[str], maintain: MaintainSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migration, "BATCH_SIZE", 2)
    maintain.segments.size = 1000

    maintain.execute()

    assert found(api, q="muller") == found(api, q="M\u00fcller") == [old[1]]
    assert (
        db["bookings"].count_documents({"$or": [{"nameParts": {"$exists": True}}, {"phoneParts": {"$exists": True}}]})
        == 0
    )
    assert not {"by_part_of_name", "by_part_of_phone"} & db["bookings"].index_information().keys()
    assert (db["migrations"].find_one() or {})["done"] is True


def test_migration_continues_where_it_stopped(
    db: Db, old: list[str], maintain: MaintainSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migration, "BATCH_SIZE", 2)

    maintain.migration.run_until(time.monotonic())
    assert db["bookings"].count_documents({"nameParts": {"$exists": True}}) == len(old) - 2
    assert (db["migrations"].find_one() or {})["last"] == old[1]
    maintain.migration.run_until(time.monotonic() + 60)

    assert db["bookings"].count_documents({"nameParts": {"$exists": True}}) == 0


def test_booking_erased_during_the_migration_stays_erased(db: Db, old: list[str], maintain: MaintainSearch) -> None:
    rows = maintain.migration._next_rows("")
    db["bookings"].update_one(
        {"_id": old[1]}, {"$set": {"fullName": "", "nameFolded": ""}, "$unset": {"nameParts": ""}}
    )

    maintain.migration._migrate(rows)

    assert (db["bookings"].find_one({"_id": old[1]}) or {})["nameFolded"] == ""


def test_migrated_database_is_not_read_again(db: Db, old: list[str], maintain: MaintainSearch) -> None:
    maintain.migration.run_until(time.monotonic() + 60)
    db.command({"profile": 2})
    try:
        maintain.migration.run_until(time.monotonic() + 60)
    finally:
        db.command({"profile": 0})

    assert db["system.profile"].count_documents({"ns": f"{db.name}.bookings"}) == 0


def test_database_without_old_indexes_is_not_migrated(db: Db, people: list[str], maintain: MaintainSearch) -> None:
    db.command({"profile": 2})
    try:
        maintain.migration.run_until(time.monotonic() + 60)
    finally:
        db.command({"profile": 0})

    assert (db["migrations"].find_one() or {})["done"] is True
    assert db["system.profile"].count_documents({"command.find": "bookings"}) == 0
