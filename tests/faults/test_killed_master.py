"""A successor at the same port serves soon after gunicorn's master, or the whole service, was killed."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests
from pymongo.errors import OperationFailure

from core.mongo.client import Client, connect
from core.mongo.dead_processes import app_name
from core.mongo.failures import is_conflict
from tests import factories
from tests.api_client import Answer
from tests.conftest import Served, launched
from tests.core.web.server.http_connection import connected, read_answer
from tests.faults.concurrency import assert_consistent, outcome

# A start takes two seconds, and many on a busy machine. The server holds a dead process' transaction for 60.
SECONDS = 40.0


@contextmanager
def transaction_of(pid: int, served: Served, slot: dict[str, Any]) -> Iterator[None]:
    """Leave an open transaction that has claimed `slot`, as the worker `pid` does that is killed in one."""
    client = connect(served.environment["MONGODB_URI"], app_name(pid))
    session = client.start_session()
    session.start_transaction()
    slots = client[served.environment["MONGODB_DATABASE"]].slots
    slots.update_one({"_id": slot["_id"]}, {"$inc": {"bookedCount": 1}}, session=session)
    try:
        yield
    finally:
        session.end_session()
        client.close()


def kill_service(served: Served) -> list[int]:
    """Kill the master and its workers, as the end of a container does; returns the ids of the workers."""
    workers = served.workers()
    served.process.kill()
    for pid in workers:
        os.kill(pid, signal.SIGKILL)
    served.process.wait()
    return workers


def first_answer(served: Served, slot: dict[str, Any]) -> Answer:
    """Return the first final answer to a booking of `slot`, repeated with one key while there is none."""
    form = factories.person()
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        try:
            answer = served.api.book(slot, key="the-same", **form)
        except requests.RequestException:
            time.sleep(0.05)
            continue
        if answer.status != 503:
            return answer
    pytest.fail(f"no answer within {SECONDS} s:\n{served.log.read_text()[-2000:]}")


def test_successor_of_a_killed_service_is_not_locked_out(served: Served, mongo: Client) -> None:
    slot = served.api.slots()[0]
    worker, _ = kill_service(served)
    slots = mongo[served.environment["MONGODB_DATABASE"]].slots
    with transaction_of(worker, served, slot):
        # The control: the slot is locked, and the server would unlock it after a minute.
        with pytest.raises(OperationFailure) as raised, mongo.start_session() as session, session.start_transaction():
            slots.update_one({"_id": slot["_id"]}, {"$inc": {"bookedCount": 1}}, session=session)
        assert is_conflict(raised.value)

        with launched(served.url, served.environment, served.log) as successor:
            answer = first_answer(successor, slot)

    assert outcome(answer) == (201, "booked")
    assert '"transactions_ended"' in served.log.read_text()
    assert_consistent(served.db)


def test_successor_of_a_killed_master_serves_beside_its_workers(served: Served) -> None:
    slot = served.api.slots()[0]
    workers = served.workers()
    with connected(served) as begun:
        begun.sendall(b"POST /api/bookings HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n")
        begun.sendall(b"Content-Length: 2\r\n\r\n{")
        time.sleep(0.5)
        served.process.kill()
        served.process.wait()

        with launched(served.url, served.environment, served.log) as successor:
            begun.sendall(b"}")
            assert read_answer(begun).status == 400
            wait_until_serving(successor, len(workers))
            answer = first_answer(successor, slot)

    assert outcome(answer) == (201, "booked")
    assert "Can't connect" not in served.log.read_text()
    assert_consistent(served.db)


def wait_until_serving(successor: Served, workers: int) -> None:
    """Return once the successor has its workers, which it starts after it has the port."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end and successor.process.poll() is None:
        if len(successor.workers()) == workers:
            return
        time.sleep(0.05)
    pytest.fail(f"the successor does not serve:\n{successor.log.read_text()[-2000:]}")
