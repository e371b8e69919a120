"""Fixtures of the HTTP tests: a clock set by hand, a client that tells what it wrote, schedules of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from pymongo import MongoClient, monitoring

from app import create_app
from core.mongo.client import Client
from devdb.replica_set import ReplicaSet
from tests import factories
from tests.api_client import Api, over_app
from tests.databases import Databases

# One day with three slots of one place each, the day after with two, far away from any date of the product's own file.
SMALL = """\
id = "small"
name = "Two small days"
timezone = "America/New_York"
refusal = "Only the two small days are allowed."
slot_minutes = 60
capacity = 1
{more}
dates = ["2031-06-10", "2031-06-11"]

[[days]]
name = "Long"
start = "09:00"
end = "12:00"

[[days]]
name = "Short"
start = "09:00"
end = "11:00"
"""
WRITES = {
    "insert",
    "update",
    "delete",
    "findAndModify",
    "findandmodify",
    "bulkWrite",
    "create",
    "createIndexes",
    "drop",
}


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    at: datetime

    def __call__(self) -> datetime:
        return self.at

    def pass_by(self, **time: float) -> None:
        self.at += timedelta(**time)


@dataclass
class Recorded(monitoring.CommandListener):
    """Keeps the names of the commands a client sends, and how many milliseconds each may take: 0 is any number."""

    names: list[str] = field(default_factory=list)
    bounds: list[int] = field(default_factory=list)

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        self.names.append(event.command_name)
        self.bounds.append(event.command.get("maxTimeMS", 0))

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        pass

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        pass

    @property
    def writes(self) -> list[str]:
        return [name for name in self.names if name in WRITES]


@pytest.fixture
def clock() -> Clock:
    """A clock set by hand, which begins now: the server drops expired keys by its own clock."""
    now = datetime.now(UTC)
    return Clock(now.replace(microsecond=now.microsecond // 1000 * 1000))


@pytest.fixture
def small_schedule(tmp_path: Path) -> Callable[..., str]:
    """Write a schedule file of two small days and return its path; `more` is put among its settings."""

    def write(more: str = "") -> str:
        path = tmp_path / "small.toml"
        path.write_text(SMALL.format(more=more), encoding="utf-8")
        return str(path)

    return write


@pytest.fixture
def recorded() -> Recorded:
    """What the application behind `listened` told the database."""
    return Recorded()


@pytest.fixture
def listened(make_app: Callable[..., Flask], replica_set: ReplicaSet, recorded: Recorded) -> Iterator[Flask]:
    """An application whose commands to the database are heard."""
    client: Client = MongoClient[dict[str, Any]](
        replica_set.uri, tz_aware=True, w="majority", event_listeners=[recorded]
    )
    yield make_app(client=client)
    client.close()


@pytest.fixture
def databaseless(make_app: Callable[..., Flask]) -> Iterator[Flask]:
    """An application whose database has gone away."""
    client: Client = MongoClient[dict[str, Any]](
        "mongodb://127.0.0.1:1/?replicaSet=rs0", tz_aware=True, serverSelectionTimeoutMS=100, connectTimeoutMS=100
    )
    yield make_app(client=client)
    client.close()


@pytest.fixture(scope="module")
def quiet_database(databases: Databases) -> Iterator[str]:
    """A database beside `module_database`, because a module may use both `quiet` and `roomy`."""
    name = databases.take()
    yield name
    databases.give_back(name)


@pytest.fixture(scope="module")
def quiet(replica_set: ReplicaSet, mongo: Client, quiet_database: str) -> Iterator[Api]:
    """The verbs over one application for all those tests of a module that book nothing; it is told if one does."""
    settings = factories.settings(replica_set.uri, MONGODB_DATABASE=quiet_database)
    yield Api(over_app(create_app(settings, client=mongo)))
    assert list(mongo[quiet_database]["bookings"].find()) == []


@pytest.fixture(scope="module")
def roomy(replica_set: ReplicaSet, mongo: Client, module_database: str) -> Api:
    """The verbs over one application for all those tests of a module that look at nothing but their own booking."""
    settings = factories.settings(replica_set.uri, MONGODB_DATABASE=module_database)
    api = Api(over_app(create_app(settings, client=mongo)))
    assert api.admin("PATCH", f"/slots/{api.slots()[0]['_id']}", json={"capacity": 100_000}).status == 200
    return api
