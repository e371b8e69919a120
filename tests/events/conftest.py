"""Fixtures of the tests of events."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.mongo.client import Client
from devdb.replica_set import ReplicaSet
from tests.api_client import Api
from tests.event_calls import eventless_api


@pytest.fixture(scope="module")
def quiet(replica_set: ReplicaSet, mongo: Client) -> Iterator[Api]:
    """The verbs over one application for the tests of a module that store nothing; it fails if one does."""
    with eventless_api(replica_set.uri, mongo) as api:
        yield api
