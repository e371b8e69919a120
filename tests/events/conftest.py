"""Fixtures of the tests of events."""

from __future__ import annotations

import functools
from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher

from accounts.passwords import Passwords
from core.mongo.client import Client
from devdb.replica_set import ReplicaSet
from tests.api_client import Api
from tests.event_calls import eventless_api

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let password hashes cost next to nothing."""
    monkeypatch.setattr("accounts.wiring.Passwords", functools.partial(Passwords, hasher=CHEAP))


@pytest.fixture(scope="module")
def quiet(replica_set: ReplicaSet, mongo: Client) -> Iterator[Api]:
    """The verbs over one application for the tests of a module that store nothing; it fails if one does."""
    with eventless_api(replica_set.uri, mongo) as api:
        yield api
