"""Scheduler: runs periodic tasks in the one process that holds its lease, or in every process.

Tasks with a short interval have a thread of their own, so that no long task delays them.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from core import log
from core.errors import Unavailable
from core.leader_lease import LeaderLease
from core.mongo.failures import DatabaseError

LOG = log.get_logger("core.scheduler")
LEASE_NAME = "scheduler"
INTERVAL_SECONDS = 60.0
TICK_SECONDS = 1.0
# Tasks with a shorter interval than a tick run in the second thread.
FREQUENT_TICK_SECONDS = 0.1


@dataclass(frozen=True)
class PeriodicTask:
    """An idempotent task; a run that fails is logged and repeated after `interval` seconds.

    One with `needs_lease=False` runs in every process, also while the process with the lease is dead.
    """

    name: str
    run: Callable[[], object]
    interval: float = INTERVAL_SECONDS
    needs_lease: bool = True

    @property
    def is_frequent(self) -> bool:
        """Whether it belongs to the thread of frequent tasks."""
        return self.interval < TICK_SECONDS


@dataclass
class Scheduler:
    """Runs each of `tasks` at its interval; those that need the lease only while this process holds `lease`."""

    lease: LeaderLease
    tasks: Sequence[PeriodicTask]
    stop: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._ran_at: dict[str, float] = {}

    def run(self) -> None:
        """Run the tasks until `shut_down`; failures are logged and never end the loop."""
        frequent = [task for task in self.tasks if task.is_frequent]
        other = [task for task in self.tasks if not task.is_frequent]
        thread = threading.Thread(target=self._loop, args=(frequent, FREQUENT_TICK_SECONDS), name="frequent-tasks")
        try:
            if frequent:
                thread.start()
            self._loop(other, TICK_SECONDS)
            if frequent:
                thread.join()
            self._release_lease()
        finally:
            self.ended.set()

    def run_once(self) -> None:
        """Run the tasks now, without those that need the lease if another process holds it, and release it."""
        self._ran_at.clear()
        try:
            self._run_due(self.tasks)
        finally:
            self._release_lease()

    def shut_down(self, patience: float = 0.0) -> bool:
        """Ask the loop to end after the current task; return whether it ended within `patience` seconds."""
        self.stop.set()
        return self.ended.wait(patience)

    def tick(self) -> None:
        """Run the tasks that are due."""
        self._try_due(self.tasks)

    def _loop(self, tasks: Sequence[PeriodicTask], pause: float) -> None:
        while not self.stop.is_set():
            self._try_due(tasks)
            self.stop.wait(pause)

    def _try_due(self, tasks: Sequence[PeriodicTask]) -> None:
        try:
            self._run_due(tasks)
        except DatabaseError as error:
            LOG.warning("scheduler_database_unavailable", error=type(error).__name__)

    def _run_due(self, tasks: Sequence[PeriodicTask]) -> None:
        """Run the due ones of `tasks`. A task whose lease is held elsewhere stays due."""
        for task in tasks:
            if self.stop.is_set():
                return
            due = time.monotonic() - self._ran_at.get(task.name, float("-inf")) >= task.interval
            if due and self._may_run(task):
                self._ran_at[task.name] = time.monotonic()
                _run(task)

    def _may_run(self, task: PeriodicTask) -> bool:
        if not task.needs_lease:
            return True
        # A frequent task asks no database: the other loop renews the lease.
        return self.lease.is_held if task.is_frequent else self.lease.renew()

    def _release_lease(self) -> None:
        try:
            self.lease.release()
        except DatabaseError as error:
            LOG.warning("lease_release_failed", lease=self.lease.name, error=type(error).__name__)


def _run(task: PeriodicTask) -> None:
    try:
        task.run()
    except (DatabaseError, Unavailable) as error:
        LOG.warning("periodic_task_unavailable", task=task.name, error=type(error).__name__)
    except Exception:  # boundary handler: a bug in one task must not stop the others
        LOG.exception("periodic_task_failed", task=task.name)
