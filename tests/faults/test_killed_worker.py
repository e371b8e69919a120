"""A worker that is killed, and a guest who hangs up, leave nothing half done and hold nothing back."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests

from core.mongo.client import Client
from core.mongo.dead_processes import app_name, kill_transactions
from devdb.replica_set import ReplicaSet
from tests import factories
from tests.api_client import Answer
from tests.conftest import ROOT, Served
from tests.faults.concurrency import (
    active_ids,
    assert_consistent,
    booked_ids,
    is_retryable_refusal,
    outcome,
    run_concurrently,
)
from tests.faults.conftest import FaultyService

CLAIM_AND_WAIT = """
import sys, time
from core.mongo.client import connect
uri, name, database, slot = sys.argv[1:]
client = connect(uri, name)
session = client.start_session()
session.start_transaction()
client[database].slots.update_one({"_id": slot}, {"$inc": {"bookedCount": 1}}, session=session)
print("claimed", flush=True)
time.sleep(60)
"""


@contextmanager
def killed_while_it_holds(replica_set: ReplicaSet, faulty: FaultyService, slot: dict[str, Any]) -> Iterator[str]:
    """Let another process claim `slot` in a transaction and kill it; yield the name the database knows it by."""
    name = f"dead-{uuid.uuid4().hex[:12]}"
    command = [sys.executable, "-c", CLAIM_AND_WAIT, replica_set.uri, name, faulty.db.name, slot["_id"]]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "claimed\n"
        process.kill()
    try:
        yield name
    finally:
        kill_transactions(faulty.services.client, name)


def test_killing_transactions_of_a_dead_process_unlocks_its_slot(
    faulty: FaultyService, replica_set: ReplicaSet, mongo: Client
) -> None:
    slot = faulty.api.slots()[0]
    faulty.hurry(0.5)
    with killed_while_it_holds(replica_set, faulty, slot) as dead:
        # The control: the server itself would hold the slot for a minute.
        assert is_retryable_refusal(faulty.api.book(slot))
        assert kill_transactions(mongo, "somebody-else") == 0
        assert is_retryable_refusal(faulty.api.book(slot))

        assert kill_transactions(mongo, dead) == 1

        assert [outcome(faulty.api.book(slot)) for _ in range(5)] == [(201, "booked")] * 4 + [(409, "slot_full")]
    assert_consistent(faulty.db)


def test_worker_killed_during_its_transaction_locks_no_slot(served: Served, mongo: Client) -> None:
    db = mongo[served.environment["MONGODB_DATABASE"]]
    slot = served.api.slots()[0]
    workers = served.workers()
    hang = {"failCommands": ["commitTransaction"], "blockConnection": True, "blockTimeMS": 1500}
    point = {"configureFailPoint": "failCommand"}
    guests = [Guest(served, slot) for _ in range(12)]

    def kill() -> None:
        os.kill(with_an_open_transaction(mongo, workers), signal.SIGKILL)

    mongo.admin.command({**point, "mode": "alwaysOn", "data": hang})
    try:
        answers = run_concurrently([kill, *[guest.asks for guest in guests]])
    finally:
        mongo.admin.command({**point, "mode": "off"})

    lost = [answer for answer in answers[1:] if answer is None]
    assert lost, "the killed worker had guests"
    settle(guests)
    settled = [guest.answer for guest in guests]
    assert sorted(outcome(answer)[0] for answer in settled if answer) == [201] * 4 + [409] * 8
    assert active_ids(db) == booked_ids(answer for answer in settled if answer)
    assert_consistent(db)
    assert "agrees" in served.verify()


def test_worker_killed_under_load_loses_and_duplicates_nothing(served: Served, mongo: Client) -> None:
    db = mongo[served.environment["MONGODB_DATABASE"]]
    slots = served.api.slots("2026-03-05") + served.api.slots("2026-03-07")
    guests = [Guest(served, slots[number % len(slots)]) for number in range(160)]
    calls: list[Callable[[], Answer | None]] = [guest.asks for guest in guests]
    calls.insert(60, lambda: os.kill(served.workers()[0], signal.SIGKILL))

    run_concurrently(calls, most=32)

    acknowledged = booked_ids(guest.answer for guest in guests if guest.answer)
    assert acknowledged <= active_ids(db)
    settle(guests)
    settled = [guest.answer for guest in guests if guest.answer]
    assert {answer.status for answer in settled} == {201, 409}
    assert active_ids(db) == booked_ids(settled)
    assert len(active_ids(db)) == 4 * len(slots)
    assert_consistent(db)
    assert "agrees" in served.verify()


def test_booking_of_a_disconnected_client_is_complete_or_absent(served: Served, mongo: Client) -> None:
    db = mongo[served.environment["MONGODB_DATABASE"]]
    slots = served.api.slots("2026-03-09")
    emails = [hang_up_after_asking(served, slots[number % 8]) for number in range(32)]
    patience = time.monotonic() + 60
    # The last request is answered last, so its answer shows that all earlier ones are done.
    while time.monotonic() < patience and db.bookings.count_documents({}) < 32:
        time.sleep(0.05)

    assert {row["email"] for row in db.bookings.find()} <= set(emails)
    assert_consistent(db)
    left = 4 * 8 - len(active_ids(db))
    late = [served.api.book(slot, key=uuid.uuid4().hex) for slot in slots[:8] for _ in range(5)]
    assert len(booked_ids(late)) == left
    assert_consistent(db)
    assert "agrees" in served.verify()


class Guest:
    """Somebody who repeats one request with one key until the service has answered for good."""

    def __init__(self, served: Served, slot: dict[str, Any]) -> None:
        self._served, self._slot = served, slot
        self._form, self._key = factories.person(), uuid.uuid4().hex
        self.answer: Answer | None = None

    def asks(self) -> Answer | None:
        """Ask once; None when the connection broke, as it does when a worker is killed."""
        try:
            self.answer = self._served.api.book(self._slot, key=self._key, **self._form)
        except requests.RequestException:
            self.answer = None
        else:
            assert self.answer.status in (201, 409) or is_retryable_refusal(self.answer), self.answer.body
        return self.answer

    @property
    def settled(self) -> bool:
        return self.answer is not None and self.answer.status != 503


def settle(guests: list[Guest]) -> None:
    """Let everybody without a final answer repeat the request with its key, a bounded number of times."""
    for _ in range(40):
        waiting = [guest for guest in guests if not guest.settled]
        if not waiting:
            return
        run_concurrently([guest.asks for guest in waiting], most=16)
        time.sleep(0.1)
    pytest.fail("some requests never got a final answer")


def hang_up_after_asking(served: Served, slot: dict[str, Any]) -> str:
    """Send a whole request, close the socket at once, and return the guest's e-mail."""
    form = {**factories.person(), "date": slot["date"], "slotId": slot["_id"]}
    body = json.dumps(form).encode()
    head = (
        "POST /api/bookings HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    host, port = served.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(head.encode() + body)
    return str(form["email"])


def with_an_open_transaction(mongo: Client, workers: list[int]) -> int:
    """Return that one of `workers` which has a transaction open, once one has."""
    stages: list[dict[str, Any]] = [
        {"$currentOp": {"idleSessions": True}},
        {"$match": {"transaction": {"$exists": True}, "appName": {"$in": [app_name(pid) for pid in workers]}}},
    ]
    for _ in range(500):
        for operation in mongo.admin.aggregate(stages):
            return next(pid for pid in workers if app_name(pid) == operation["appName"])
        time.sleep(0.01)
    pytest.fail("no worker opened a transaction")
