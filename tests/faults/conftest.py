"""A service of which the database knows the name, so that fail points disturb only it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask

import wiring
from core.mongo.client import Client, Db, connect
from core.mongo.dead_processes import kill_transactions
from core.web.context import runtime_of
from devdb.replica_set import ReplicaSet
from inventory.group_commit import Limits
from tests.api_client import Api, over_app

Fault = Callable[..., AbstractContextManager[None]]


@dataclass(frozen=True)
class FaultyService:
    """A service in this process with a connection of its own."""

    app: Flask
    services: wiring.Services
    fault: Fault

    @property
    def api(self) -> Api:
        return Api(over_app(self.app))

    @property
    def db(self) -> Db:
        return self.services.db

    def hurry(self, seconds: float) -> None:
        """Give a transaction no more than `seconds`."""
        self.services.booking.group_commit.limits = Limits(transaction_timeout=seconds)


@pytest.fixture
def faulty(make_app: Callable[..., Flask], replica_set: ReplicaSet, mongo: Client) -> Iterator[FaultyService]:
    """The service over a client of its own; `fault` makes the database misbehave towards it for a while."""
    name = f"faulty-{uuid.uuid4().hex[:12]}"
    client = connect(replica_set.uri, name)

    @contextmanager
    def fault(*commands: str, times: int | None = None, **how: Any) -> Iterator[None]:
        mode: Any = {"times": times} if times else "alwaysOn"
        target = {"failCommands": list(commands), "appName": name, "failInternalCommands": False}
        mongo.admin.command({"configureFailPoint": "failCommand", "mode": mode, "data": {**target, **how}})
        try:
            yield
        finally:
            mongo.admin.command({"configureFailPoint": "failCommand", "mode": "off"})

    app = make_app(client=client)
    services = runtime_of(app).get(wiring.Services)
    yield FaultyService(app, services, fault)
    kill_transactions(mongo, name)  # a test that failed may have left one open, and nothing could be dropped
    client.close()
