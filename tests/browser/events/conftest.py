"""Fixtures of the event pages in a browser: one service with the sample events."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.mongo.client import Client
from devdb.replica_set import ReplicaSet
from tests.browser.events.sample_events import SampleEvents, store_sample_events
from tests.conftest import Served, serving


@pytest.fixture(scope="module")
def site(replica_set: ReplicaSet, mongo: Client, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The service without bookings."""
    with serving(replica_set.uri, tmp_path_factory.mktemp("site")) as served:
        yield served
        mongo.drop_database(served.environment["MONGODB_DATABASE"])


@pytest.fixture(scope="module")
def sample(site: Served) -> SampleEvents:
    return store_sample_events(site.db)
