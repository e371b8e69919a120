"""One service with one worker for the tests of the server, and what they read of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.mongo.client import Client
from devdb.replica_set import ReplicaSet
from tests.conftest import Served, serving


@pytest.fixture(scope="package")
def service(replica_set: ReplicaSet, mongo: Client, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service with one worker, which the tests of this folder share."""
    folder: Path = tmp_path_factory.mktemp("server")
    with serving(replica_set.uri, folder, WEB_CONCURRENCY="1") as running:
        yield running
        mongo.drop_database(running.environment["MONGODB_DATABASE"])
