"""Fixtures of the event pages in a browser: one service with the sample events."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from devdb.replica_set import ReplicaSet
from tests.browser.events.sample_events import SampleEvents, store_sample_events
from tests.conftest import Served, serving


@pytest.fixture(scope="module")
def site(replica_set: ReplicaSet, module_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The service without bookings."""
    folder = tmp_path_factory.mktemp("site")
    with serving(replica_set.uri, folder, MONGODB_DATABASE=module_database) as served:
        yield served


@pytest.fixture(scope="module")
def sample(site: Served) -> SampleEvents:
    return store_sample_events(site.db)
