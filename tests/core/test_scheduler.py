"""Scheduler and leader lease: periodic tasks run in one process, and failures stop nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

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


def test_scheduler_runs_each_task_at_its_interval_in_the_leader_alone(db: Db, clock: ManualClock) -> None:
    ran: list[str] = []

    def scheduler_of(name: str) -> Scheduler:
        tasks = [
            PeriodicTask("seldom", lambda: ran.append(f"{name} seldom")),
            PeriodicTask("often", lambda: ran.append(f"{name} often"), interval=0.0),
            PeriodicTask("everywhere", lambda: ran.append(f"{name} everywhere"), needs_lease=False),
        ]
        return Scheduler(LeaderLease(db, "scheduler", name, clock), tasks)

    one, two = scheduler_of("one"), scheduler_of("two")
    for scheduler in (one, one, two):
        scheduler.tick()
    assert ran == ["one seldom", "one often", "one everywhere", "one often", "two everywhere"]


def test_scheduler_runs_frequent_tasks_while_another_task_lasts(db: Db, clock: ManualClock) -> None:
    frequent = threading.Event()
    tasks = [
        PeriodicTask("long", lambda: frequent.wait(10)),
        PeriodicTask("frequent", frequent.set, interval=0.1),
    ]
    scheduler = Scheduler(LeaderLease(db, "scheduler", "one", clock), tasks)
    thread = threading.Thread(target=scheduler.run, daemon=True)
    thread.start()
    assert frequent.wait(5)
    assert scheduler.shut_down(patience=10)
    thread.join(10)


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
