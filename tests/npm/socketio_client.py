"""The official Socket.IO client follows a rush of reservations over two workers, cut a hundred times."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.mongo.client import Client
from devdb.replica_set import ReplicaSet
from tests.conftest import Served, serving
from tests.live.ticket_rush import prepare_rush

FOLDER = Path(__file__).parent
CUTS = 100


@pytest.fixture(scope="module")
def service(replica_set: ReplicaSet, mongo: Client, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One service for the tests of this module."""
    install = ["npm", "ci", "--no-audit", "--no-fund"]
    subprocess.run(install, check=True, cwd=FOLDER, timeout=300)
    with serving(replica_set.uri, tmp_path_factory.mktemp("npm")) as running:
        yield running
        mongo.drop_database(running.environment["MONGODB_DATABASE"])


@pytest.mark.parametrize("namespace", ["/", "/api"])
def test_client_cut_in_a_rush_ends_equal_to_the_database(namespace: str, service: Served) -> None:
    rush = prepare_rush(service)
    command = ["node", "follow_tickets.js", service.url, namespace, str(CUTS)]
    with subprocess.Popen(command, cwd=FOLDER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as client:
        assert client.stdout
        client.stdout.readline()
        with rush.running():
            rush.done.wait(120)
        state: dict[str, Any] = {}
        end = time.monotonic() + 120
        while state.get("shown") != rush.remaining() or state["connections"] <= CUTS:
            assert time.monotonic() < end, state
            state = json.loads(client.stdout.readline())
        client.kill()

    assert state["updates"] > 0
