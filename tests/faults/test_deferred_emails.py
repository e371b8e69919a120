"""A worker that is killed or loses its primary while it writes deferred e-mails: each e-mail is written once."""

from __future__ import annotations

import subprocess
import sys
import uuid
from collections import Counter

import pytest

from core.errors import Unavailable
from core.mongo.client import Client
from core.mongo.dead_processes import kill_transactions
from devdb.replica_set import ReplicaSet
from tests import factories
from tests.conftest import ROOT
from tests.faults.concurrency import assert_consistent
from tests.faults.conftest import FaultyService

WRITE_AND_WAIT = """
import os, sys, time
import wiring
from core.config.settings import from_env
from core.mongo.client import connect
from notifications.outbox.store import OutboxStore

add = OutboxStore.add

def add_and_wait(*given):
    add(*given)
    print("written", flush=True)
    time.sleep(60)

OutboxStore.add = add_and_wait
settings = from_env(dict(os.environ))
wiring.build(settings, client=connect(settings.mongodb_uri, sys.argv[1])).worker.send_due()
"""


def written(faulty: FaultyService) -> Counter[str]:
    return Counter(row["template"] for row in faulty.db.letters.find())


def write(faulty: FaultyService) -> int:
    return sum(source.write(100) for source in faulty.services.outbox.deferred)


def test_emails_of_a_killed_worker_are_written_by_the_next(
    faulty: FaultyService, replica_set: ReplicaSet, mongo: Client
) -> None:
    slot = faulty.api.slots()[0]
    for _ in range(3):
        faulty.api.book(slot)
    name = f"dead-{uuid.uuid4().hex[:12]}"
    environment = factories.environment(replica_set.uri, MONGODB_DATABASE=faulty.db.name)
    command = [sys.executable, "-c", WRITE_AND_WAIT, name]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert "written\n" in process.stdout
        process.kill()
    # Until the server ends the transaction of the dead process, its bookings stay locked.
    assert write(faulty) == 0
    assert kill_transactions(mongo, name) == 1

    assert write(faulty) == 6

    assert written(faulty) == Counter(admin_booking=3, guest_booking=3)
    assert_consistent(faulty.db)


@pytest.mark.parametrize("command", ["find", "update", "insert", "commitTransaction"])
@pytest.mark.parametrize("loss", [{"closeConnection": True}, {"errorCode": 91}, {"errorCode": 11602}])
def test_emails_are_written_once_whatever_command_loses_its_primary(
    faulty: FaultyService, command: str, loss: dict[str, int]
) -> None:
    slot = faulty.api.slots()[0]
    for _ in range(3):
        faulty.api.book(slot)

    with faulty.fault(command, times=1, **loss):
        write(faulty)
    write(faulty)

    assert written(faulty) == Counter(admin_booking=3, guest_booking=3)
    assert_consistent(faulty.db)


def test_worker_goes_on_after_an_outage(faulty: FaultyService) -> None:
    faulty.api.book(faulty.api.slots()[0])
    with faulty.fault("insert", errorCode=91, errorLabels=["TransientTransactionError"]), pytest.raises(Unavailable):
        write(faulty)

    assert write(faulty) == 2
    assert_consistent(faulty.db)
