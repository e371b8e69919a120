"""Scheduler and leader lease: periodic tasks run in one process, and failures stop nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from core import scheduler as module
from core.errors import Unavailable
from core.leader_lease import TTL, LeaderLease
from core.mongo.client import Client, Db
from core.mongo.failures import DatabaseError
from core.scheduler import PeriodicTask, Scheduler


class ManualClock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 3, 1, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment


@pytest.fixture
def db(make_database: Callable[[], str], mongo: Client) -> Db:
    return mongo[make_database()]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def fail_with(error: Exception) -> Callable[[], None]:
    def task() -> None:
        raise error

    return task


def test_lease_held_by_another_is_acquired_after_its_ttl(db: Db, clock: ManualClock) -> None:
    one = LeaderLease(db, "mail", "one", clock)
    two = LeaderLease(db, "mail", "two", clock)
    assert one.acquire()
    assert one.acquire()
    clock.moment += TTL - timedelta(seconds=1)
    assert not two.acquire()
    clock.moment += timedelta(seconds=1)
    assert two.acquire()
    assert not one.acquire()


def test_lease_released_is_free_at_once_and_other_names_are_apart(db: Db, clock: ManualClock) -> None:
    one = LeaderLease(db, "mail", "one", clock)
    two = LeaderLease(db, "mail", "two", clock)
    assert LeaderLease(db, "scheduler", "two", clock).acquire()
    assert one.renew()
    two.release()
    assert not two.renew()
    one.release()
    assert two.renew()
    assert not one.renew()


def test_scheduler_runs_tasks_at_the_interval_in_the_leading_process_alone(
    db: Db, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[str] = []

    def scheduler_of(name: str) -> Scheduler:
        return Scheduler(LeaderLease(db, "scheduler", name, clock), [PeriodicTask("task", lambda: ran.append(name))])

    one, two = scheduler_of("one"), scheduler_of("two")
    for scheduler in (one, one, two):
        scheduler.tick()
    assert ran == ["one"]
    monkeypatch.setattr(module, "INTERVAL_SECONDS", 0.0)
    one.tick()
    assert ran == ["one", "one"]


def test_scheduler_running_once_releases_its_lease(db: Db, clock: ManualClock) -> None:
    ran: list[str] = []
    one = Scheduler(LeaderLease(db, "scheduler", "one", clock), [PeriodicTask("task", lambda: ran.append("one"))])
    other = LeaderLease(db, "scheduler", "two", clock)
    assert other.acquire()
    one.run_once()
    assert ran == []
    other.release()
    one.run_once()
    assert ran == ["one"]
    assert other.acquire()


@pytest.mark.parametrize("error", [Unavailable(), DatabaseError("away"), RuntimeError("a bug")])
def test_scheduler_task_that_fails_stops_no_other_task(db: Db, clock: ManualClock, error: Exception) -> None:
    ran: list[str] = []
    tasks = [PeriodicTask("failing", fail_with(error)), PeriodicTask("next", lambda: ran.append("next"))]
    Scheduler(LeaderLease(db, "scheduler", "one", clock), tasks).tick()
    assert ran == ["next"]


def test_scheduler_thread_ends_on_shutdown_and_releases_its_lease(db: Db, clock: ManualClock) -> None:
    started = threading.Event()
    scheduler = Scheduler(LeaderLease(db, "scheduler", "one", clock), [PeriodicTask("task", started.set)])
    thread = threading.Thread(target=scheduler.run, daemon=True)
    thread.start()
    assert started.wait(10)
    begun = time.monotonic()
    assert scheduler.shut_down(patience=10)
    assert time.monotonic() - begun < 5
    thread.join(10)
    assert LeaderLease(db, "scheduler", "two", clock).acquire()
