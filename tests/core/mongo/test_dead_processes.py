"""Open transactions of dead processes of this host are aborted; those of running ones and of other hosts are not."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from pymongo.errors import OperationFailure

from core.mongo.client import Client, connect
from core.mongo.dead_processes import app_name, kill_orphaned_transactions, kill_transactions
from core.mongo.transactions import Session
from devdb.replica_set import ReplicaSet

NO_SUCH_TRANSACTION = 251


class Transactions:
    """Opens transactions under the names of other processes."""

    def __init__(self, uri: str, database: str, stack: ExitStack) -> None:
        self._uri, self._database, self._stack = uri, database, stack

    def open(self, name: str) -> Session:
        """Open a transaction that has written something, by a client with the appName `name`."""
        client = connect(self._uri, name)
        self._stack.callback(client.close)
        session = self._stack.enter_context(client.start_session())
        session.start_transaction()
        client[self._database].slots.update_one({"_id": name}, {"$set": {"seen": 1}}, session=session)
        return session


@pytest.fixture
def transactions(replica_set: ReplicaSet, make_database: Callable[[], str]) -> Iterator[Transactions]:
    """Transactions of processes with given names."""
    with ExitStack() as stack:
        yield Transactions(replica_set.uri, make_database(), stack)


@pytest.fixture
def dead_pid() -> int:
    """The id of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def is_open(session: Session) -> bool:
    """Return whether the server still has the transaction; commits it if so."""
    try:
        session.commit_transaction()
    except OperationFailure as error:
        assert error.code == NO_SUCH_TRANSACTION
        return False
    return True


def test_orphaned_transactions_of_dead_processes_are_aborted(
    transactions: Transactions, mongo: Client, dead_pid: int
) -> None:
    orphaned = [transactions.open(app_name(dead_pid)) for _ in range(2)]

    assert kill_orphaned_transactions(mongo) == 2

    assert [is_open(session) for session in orphaned] == [False, False]


def test_transaction_of_a_zombie_is_aborted(transactions: Transactions, mongo: Client) -> None:
    process = subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE)
    assert process.stdout
    process.stdout.read()  # ends with the process, whose exit code is not asked for yet
    zombie = Path(f"/proc/{process.pid}/stat")
    end = time.monotonic() + 30
    while ") Z " not in zombie.read_text() and time.monotonic() < end:
        time.sleep(0.01)
    session = transactions.open(app_name(process.pid))

    assert kill_orphaned_transactions(mongo) == 1

    assert not is_open(session)
    process.wait()


def test_transaction_of_a_reused_process_id_is_aborted(transactions: Transactions, mongo: Client) -> None:
    # The process that asks has none open, so the transaction is of an earlier process with its id.
    session = transactions.open(app_name(os.getpid()))

    assert kill_orphaned_transactions(mongo) == 1
    assert not is_open(session)


@pytest.mark.parametrize(
    "name", ["{running}", "another-{dead}", "booking-another-host-{dead_pid}", "{dead}-more", "{dead}x", "booking-"]
)
def test_transaction_of_another_process_stays_open(
    transactions: Transactions, mongo: Client, dead_pid: int, name: str
) -> None:
    names = {"running": app_name(os.getppid()), "dead": app_name(dead_pid), "dead_pid": dead_pid}
    session = transactions.open(name.format_map(names))

    assert kill_orphaned_transactions(mongo) == 0
    assert is_open(session)


def test_kill_transactions_aborts_those_of_one_name(transactions: Transactions, mongo: Client, dead_pid: int) -> None:
    one = transactions.open(app_name(dead_pid))
    other = transactions.open("somebody-else")

    assert kill_transactions(mongo, app_name(dead_pid)) == 1

    assert not is_open(one)
    assert is_open(other)
