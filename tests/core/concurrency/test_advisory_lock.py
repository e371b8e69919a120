"""Advisory lock of workers: a transaction that meets a conflict waits for it, and none waits for ever."""

from __future__ import annotations

import os
import threading
import time

import pytest

from core.concurrency import advisory_lock
from core.concurrency.advisory_lock import CONFLICTS_IN_A_ROW, WAITING_TRANSACTIONS, AdvisoryLock


@pytest.fixture
def lock() -> AdvisoryLock:
    """The lock of one host."""
    return AdvisoryLock()


def conflict_in_a_row(lock: AdvisoryLock, count: int) -> None:
    """Let `count` transactions meet a conflict with the one that has the lock."""
    rival = lock.begin()
    for _ in range(count):
        acquisition = lock.begin()
        acquisition.acquire_after_conflict()
        acquisition.end()
    rival.end()


def test_lock_has_one_holder_at_a_time(lock: AdvisoryLock) -> None:
    assert lock.acquire(0)
    assert not lock.acquire(0)

    lock.release()

    assert lock.acquire(0)


def test_lock_is_acquired_by_a_process_that_waits_for_it(lock: AdvisoryLock) -> None:
    assert lock.acquire(0)
    child = os.fork()
    if child == 0:
        os._exit(0 if lock.acquire(30.0) else 1)
    lock.release()

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_transaction_without_the_lock_waits_for_it_after_a_conflict(lock: AdvisoryLock) -> None:
    rival = lock.begin()
    acquisition = lock.begin()
    threading.Timer(0.02, rival.end).start()

    assert acquisition.acquire_after_conflict()
    acquisition.end()

    assert lock.acquire(0)


def test_transaction_with_the_lock_pauses_after_a_conflict(lock: AdvisoryLock) -> None:
    # Its rival began without the lock, so there is nothing to wait for.
    acquisition = lock.begin()

    assert not acquisition.acquire_after_conflict()


def test_lock_that_never_comes_is_not_waited_for_long(lock: AdvisoryLock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(advisory_lock, "ACQUIRE_SECONDS", 0.01)
    assert lock.acquire(0)

    assert not lock.begin().acquire_after_conflict()


def test_lock_of_a_killed_worker_is_released_once(lock: AdvisoryLock) -> None:
    # The master releases it for each worker that ends, whether it had the lock or not.
    for _ in range(3):
        lock.release()

    assert lock.acquire(0)
    assert not lock.acquire(0)


def test_transactions_without_conflicts_never_wait(lock: AdvisoryLock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(advisory_lock, "ACQUIRE_SECONDS", 60.0)
    assert lock.acquire(0)

    started = time.monotonic()
    for _ in range(WAITING_TRANSACTIONS):
        lock.begin().end()

    assert time.monotonic() - started < 30.0


def test_repeated_conflicts_let_the_next_transactions_wait_first(
    lock: AdvisoryLock, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    acquire = lock.acquire
    monkeypatch.setattr(advisory_lock, "ACQUIRE_SECONDS", 0.01)
    conflict_in_a_row(lock, CONFLICTS_IN_A_ROW)

    def record_and_acquire(patience: float) -> bool:
        waited.append(patience)
        return acquire(patience)

    monkeypatch.setattr(lock, "acquire", record_and_acquire)

    for _ in range(WAITING_TRANSACTIONS + 1):
        lock.begin().end()

    assert waited == [0.01] * WAITING_TRANSACTIONS + [0.0]


def test_single_conflict_does_not_let_the_next_transaction_wait(
    lock: AdvisoryLock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(advisory_lock, "ACQUIRE_SECONDS", 0.01)
    conflict_in_a_row(lock, CONFLICTS_IN_A_ROW - 1)
    lock.begin().end()
    conflict_in_a_row(lock, CONFLICTS_IN_A_ROW - 1)
    waited: list[float] = []
    monkeypatch.setattr(lock, "acquire", waited.append)

    lock.begin()

    assert waited == [0.0]
