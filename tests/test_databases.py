"""Tests may share a database, one after the other, because each finds it as if it were new."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from core.mongo.client import Client, Db
from tests.databases import PROFILE, RESTING, Databases, shape


@pytest.fixture
def databases(mongo: Client) -> Iterator[Databases]:
    dropped: list[str] = []
    made = Databases(mongo, dropped.append)
    yield made
    for name in [*dropped, *made.resting]:
        mongo.drop_database(name)


def again(databases: Databases, name: str) -> str:
    """Give a database back; return the one that is taken when its turn would be."""
    databases.give_back(name)
    for other in [databases.take() for _ in range(RESTING)]:
        databases.give_back(other)
    return databases.take()


def test_reused_database_is_empty_and_has_the_original_schema(databases: Databases, mongo: Client) -> None:
    name = databases.take()
    new = shape(mongo[name])
    for collection in new:
        mongo[name][collection].insert_one({"left": "over"}, bypass_document_validation=True)

    assert again(databases, name) == name

    assert shape(mongo[name]) == new
    assert [mongo[name][collection].count_documents({}) for collection in new] == [0] * len(new)


def no_index(db: Db) -> None:
    db["bookings"].drop_indexes()


def another_index(db: Db) -> None:
    name = next(name for name in db["bookings"].index_information() if name != "_id_")
    db["bookings"].drop_index(name)
    db["bookings"].create_index("message", name=name)


def no_validator(db: Db) -> None:
    db.command({"collMod": "slots", "validator": {}})


def one_more(db: Db) -> None:
    db.create_collection("others")


@pytest.mark.parametrize("harm", [no_index, another_index, no_validator, one_more])
def test_database_with_a_changed_schema_is_not_reused(
    databases: Databases, mongo: Client, harm: Callable[[Db], None]
) -> None:
    name = databases.take()
    harm(mongo[name])

    assert again(databases, name) != name


def test_profiled_database_is_reused_without_its_profile(databases: Databases, mongo: Client) -> None:
    name = databases.take()
    new = shape(mongo[name])
    mongo[name].command("profile", 2)
    mongo[name]["bookings"].find_one({})
    assert PROFILE in shape(mongo[name])

    assert again(databases, name) == name

    assert shape(mongo[name]) == new
    assert mongo[name].command("profile", -1)["was"] == 0


def test_database_is_idle_before_another_test_gets_it(databases: Databases) -> None:
    name = databases.take()
    databases.give_back(name)

    assert name not in [databases.take() for _ in range(RESTING)]
