"""Collections, validators and indexes at start-up, also beside transactions that are open."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pymongo
import pytest
from pymongo import IndexModel
from pymongo.errors import PyMongoError

from core.mongo.client import Client, Db
from core.mongo.schema import CollectionSchema, ensure_collections

SECONDS = 5.0
RULE = {"count": {"$gte": 0}}
SCHEMA = CollectionSchema("things", [IndexModel("name", name="by_name")], validator=RULE)


@pytest.fixture
def database(mongo: Client, make_database: Callable[[], str]) -> Db:
    """A database with the collection of SCHEMA."""
    db = mongo[make_database()]
    ensure_collections(db, [SCHEMA])
    return db


@pytest.fixture
def open_transaction(database: Db) -> Iterator[None]:
    """A transaction that has written to the collection and does not end."""
    with database.client.start_session() as session:
        session.start_transaction()
        database.things.insert_one({"count": 1}, session=session)
        yield
        session.abort_transaction()


def options(db: Db) -> dict[str, Any]:
    """Return the stored options of the collection."""
    (found,) = db.list_collections(filter={"name": "things"})
    return dict(found["options"])


@pytest.mark.usefixtures("open_transaction")
def test_ensure_collections_without_changes_waits_for_no_transaction(database: Db) -> None:
    with pymongo.timeout(SECONDS):
        ensure_collections(database, [SCHEMA])


@pytest.mark.usefixtures("open_transaction")
def test_ensure_collections_with_another_validator_waits(database: Db) -> None:
    # The control: setting a validator does wait, so an unchanged one must not be set.
    with pymongo.timeout(1), pytest.raises(PyMongoError) as raised:
        ensure_collections(database, [CollectionSchema("things", validator={})])

    assert raised.value.timeout


@pytest.mark.parametrize("rule", [{}, {"count": {"$gte": 1}}])
def test_ensure_collections_with_another_validator_updates_it(database: Db, rule: dict[str, Any]) -> None:
    ensure_collections(database, [CollectionSchema("things", validator=rule)])

    assert options(database).get("validator", {}) == rule


@pytest.mark.parametrize("level", ["off", "moderate"])
def test_ensure_collections_makes_a_weakened_validator_strict(database: Db, level: str) -> None:
    database.command({"collMod": "things", "validator": RULE, "validationLevel": level})

    ensure_collections(database, [SCHEMA])

    assert options(database)["validationLevel"] == "strict"
    assert options(database)["validator"] == RULE


def test_ensure_collections_completes_a_collection_made_without_it(database: Db) -> None:
    database.drop_collection("things")
    database.create_collection("things")

    ensure_collections(database, [SCHEMA])

    assert options(database)["validator"] == RULE
    assert "by_name" in database.things.index_information()
