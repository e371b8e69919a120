"""The simulator for the tests of a module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.mongo.client import Client
from devdb.replica_set import ReplicaSet
from tests.simulation.run import Simulator, simulator


@pytest.fixture(scope="module")
def simulated_orders(replica_set: ReplicaSet, mongo: Client) -> Iterator[Simulator]:
    with simulator(replica_set.uri, mongo) as running:
        yield running
