"""Fixtures of buying tickets in a browser: a service with one event."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from devdb.replica_set import ReplicaSet
from tests.conftest import Served, serving
from tests.event_calls import create_event, tier_form


@pytest.fixture(scope="module")
def site(replica_set: ReplicaSet, module_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The service, whose late payments arrive after two seconds."""
    folder = tmp_path_factory.mktemp("site")
    with serving(replica_set.uri, folder, MONGODB_DATABASE=module_database, PAYMENT_LATE_SECONDS="2") as served:
        yield served


@pytest.fixture(scope="module")
def concert(site: Served) -> dict[str, Any]:
    """An event with two tiers."""
    tiers = [tier_form("VIP", "100.00", 100), tier_form("GA", "10.00", 500)]
    return create_event(site.api, title="Summer Concert", tiers=tiers)
