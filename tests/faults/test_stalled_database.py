"""The driver interrupts operations at a silent node: a false alarm delays requests and refuses none."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from pymongo.server_description import ServerDescription

from app import create_app
from core.mongo.client import HEARTBEAT_MS, SILENT_NODE_MS, Client, connect
from core.web.context import runtime_of
from devdb.node import Node
from devdb.replica_set import ReplicaSet, start_replica_set
from tests import factories
from tests.api_client import Answer, Api, over_app
from tests.conftest import serving
from tests.faults.concurrency import assert_consistent, run_concurrently
from wiring import Services, prepare_database

# Longer than the driver waits for a silent node, and shorter than a transaction may take.
STALL_SECONDS = (HEARTBEAT_MS + SILENT_NODE_MS) / 1000 + 1.5
GUESTS = 24


@pytest.fixture
def node() -> Iterator[ReplicaSet]:
    """A replica set of one node, so that no other is elected."""
    with start_replica_set(test_commands=True) as running:
        yield running


@contextmanager
def stalled(node: Node, seconds: float) -> Iterator[None]:
    """Let `node` answer nothing for `seconds` from now; the block ends after that."""
    node.pause()
    resumed = threading.Timer(seconds, node.resume)
    resumed.start()
    try:
        yield
    finally:
        resumed.join()


@contextmanager
def recorded_alarms(client: Client) -> Iterator[list[float]]:
    """Yield the moments at which `client` took its server for silent."""
    ended = threading.Event()
    alarms: list[float] = []

    def record() -> None:
        known = True
        while not ended.wait(0.01):
            was_known = known
            known = all(map(is_known, client.topology_description.server_descriptions().values()))
            if was_known and not known:
                alarms.append(time.monotonic())

    recorder = threading.Thread(target=record)
    recorder.start()
    try:
        yield alarms
    finally:
        ended.set()
        recorder.join()


def is_known(server: ServerDescription) -> bool:
    """Return whether the driver has an answer of `server` that still counts."""
    return server.is_server_type_known


def application(nodes: ReplicaSet) -> tuple[Api, Services]:
    """Return the verbs over an application on `nodes`, and what is behind it."""
    settings = factories.settings(nodes.uri)
    client = connect(nodes.uri, "stalled")
    prepare_database(client[settings.mongodb_database])
    app = create_app(settings, client=client)
    return Api(over_app(app)), runtime_of(app).get(Services)


def bookings(api: Api) -> list[Callable[[], Answer]]:
    """Return calls that book all places of some slots."""
    slots = api.slots()
    return [partial(api.book, slots[number // 4]) for number in range(GUESTS)]


def statuses(answers: list[Answer]) -> set[int]:
    """Return the statuses of `answers`."""
    return {answer.status for answer in answers}


def test_silence_beyond_the_alarm_delays_bookings_and_refuses_none(node: ReplicaSet) -> None:
    api, services = application(node)
    calls = bookings(api)
    with recorded_alarms(services.client) as alarms, stalled(node.nodes[0], STALL_SECONDS):
        answers = run_concurrently(calls, most=8)

    assert alarms
    assert statuses(answers) == {201}
    assert_consistent(services.db)
    services.client.close()


def test_connects_that_time_out_delay_a_booking_and_refuse_none(node: ReplicaSet) -> None:
    api, services = application(node)
    slot = api.slots()[0]
    services.client.close()
    client = connect(node.uri, "slow-connect")
    late = {"failCommands": ["hello", "isMaster"], "appName": "slow-connect"}
    block = {"blockConnection": True, "blockTimeMS": SILENT_NODE_MS + 300}
    node.fail_point("failCommand", {"times": 3}, {**late, **block})
    app = create_app(services.settings, client=client)

    started = time.monotonic()
    answer = Api(over_app(app)).book(slot)

    assert answer.status == 201
    assert time.monotonic() - started > SILENT_NODE_MS / 1000
    client.close()


def test_worker_stalled_beyond_the_alarm_answers_all_requests(replica_set: ReplicaSet, tmp_path: Path) -> None:
    with serving(replica_set.uri, tmp_path, WEB_CONCURRENCY="1") as served:
        calls: list[Callable[[], object]] = list(bookings(served.api))
        (worker,) = served.workers()

        def stall() -> None:
            os.kill(worker, signal.SIGSTOP)
            time.sleep(STALL_SECONDS)
            os.kill(worker, signal.SIGCONT)

        calls.insert(4, stall)
        answers = [answer for answer in run_concurrently(calls, most=8) if isinstance(answer, Answer)]

        assert statuses(answers) == {201}
        assert_consistent(served.db)
