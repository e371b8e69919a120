"""A primary that is frozen, not dead: bookings go on as soon as another one is elected."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.errors import PyMongoError

import wiring
from app import create_app
from core.mongo.client import connect
from core.web.context import runtime_of
from devdb.node import Node
from devdb.replica_set import ReplicaSet, start_replica_set
from tests import factories
from tests.api_client import Api, over_app

FROZEN_SECONDS = 8.0
MARGIN_SECONDS = 1.0
# On a busy machine a single measurement says little: the best of some counts.
ATTEMPTS = 3


@pytest.fixture
def three_nodes() -> Iterator[ReplicaSet]:
    """A replica set that survives the loss of a node."""
    with start_replica_set(nodes=3) as running:
        yield running


@contextmanager
def booking_all_the_time(api: Api) -> Iterator[list[float]]:
    """Book one place after the other until the block ends; yields when each was acknowledged."""
    slots = api.slots()
    for slot in slots:
        api.admin("PATCH", f"/slots/{slot['_id']}", json={"capacity": 1000})
    acknowledged: list[float] = []
    ended = threading.Event()

    def book() -> None:
        while not ended.is_set():
            if api.book(slots[0]).status == 201:
                acknowledged.append(time.monotonic())

    guest = threading.Thread(target=book)
    guest.start()
    try:
        yield acknowledged
    finally:
        ended.set()
        guest.join(30)


def direct_connection(node: Node) -> MongoClient[dict[str, Any]]:
    """Return a client of `node` alone."""
    return MongoClient(node.address, directConnection=True, serverSelectionTimeoutMS=500)


def elected_after(nodes: list[Node], begun: float) -> float:
    """Return how many seconds after `begun` one of `nodes` is the primary."""
    while time.monotonic() < begun + FROZEN_SECONDS:
        for node in nodes:
            with direct_connection(node) as client:
                try:
                    if client.admin.command("hello")["isWritablePrimary"]:
                        return time.monotonic() - begun
                except PyMongoError:
                    continue
        time.sleep(0.02)
    pytest.fail("no other primary was elected")


def silence_beyond_the_election(nodes: ReplicaSet, acknowledged: list[float]) -> float:
    """Freeze the primary; return how much longer than the election no booking was acknowledged."""
    time.sleep(1.0)
    primary = nodes.primary()
    begun = time.monotonic()
    primary.pause()
    try:
        election = elected_after([node for node in nodes.nodes if node is not primary], begun)
        time.sleep(max(0.0, begun + FROZEN_SECONDS - time.monotonic()))
    finally:
        primary.resume()
    before = max(moment for moment in acknowledged if moment <= begun + 0.1)
    after = min(moment for moment in acknowledged if moment > begun + 0.1)
    return after - before - election


def test_frozen_primary_silences_no_longer_than_the_election(three_nodes: ReplicaSet) -> None:
    client = connect(three_nodes.uri, "frozen")
    app = create_app(factories.settings(three_nodes.uri), client=client)
    wiring.prepare_database(runtime_of(app).get(wiring.Services).db)
    beyond = []
    with booking_all_the_time(Api(over_app(app))) as acknowledged:
        for _ in range(ATTEMPTS):
            beyond.append(silence_beyond_the_election(three_nodes, acknowledged))
            if beyond[-1] <= MARGIN_SECONDS:
                break
            three_nodes.wait_writable(acknowledged_by=3)
    client.close()

    assert min(beyond) <= MARGIN_SECONDS, beyond
