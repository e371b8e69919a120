"""Fixtures of ticket claims: people with access tokens over the application."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

import wiring
from app import create_app
from core.mongo.client import Client
from devdb.replica_set import ReplicaSet
from tests import factories
from tests.api_client import Api
from tests.members import Member, members
from tests.orders.shop import Buyer, Shop

MakeMembers = Callable[..., list[Member]]


@pytest.fixture
def make_members(services: wiring.Services, api: Api) -> MakeMembers:
    """Make signed-in people of the application."""

    def make(count: int, **changes: Any) -> list[Member]:
        return members(services.db, services.settings, api.send, count, **changes)

    return make


@pytest.fixture
def ada(make_members: MakeMembers) -> Member:
    return make_members(1, name="Ada")[0]


@pytest.fixture
def bob(make_members: MakeMembers) -> Member:
    return make_members(1, name="Bob")[0]


@dataclass
class ManualClock:
    """A clock that the test moves."""

    at: datetime

    def __call__(self) -> datetime:
        return self.at

    def advance(self, **time: float) -> None:
        self.at += timedelta(**time)


@pytest.fixture
def clock() -> ManualClock:
    now = datetime.now(UTC)
    return ManualClock(now.replace(microsecond=now.microsecond // 1000 * 1000))


@pytest.fixture
def shop(make_app: Callable[..., Flask], clock: ManualClock) -> Shop:
    """An application with the clock `clock`; access tokens follow the wall clock."""
    return Shop(make_app(clock=clock, ACCESS_TOKEN_SECONDS="86400"))


@pytest.fixture
def buyer(shop: Shop) -> Buyer:
    return shop.buyer()


@pytest.fixture(scope="module")
def shared_shop(replica_set: ReplicaSet, mongo: Client, module_database: str) -> Buyer:
    """A buyer of a shop for the tests of a module whose requests are all refused."""
    settings = factories.settings(replica_set.uri, MONGODB_DATABASE=module_database)
    return Shop(create_app(settings, client=mongo)).buyer()
