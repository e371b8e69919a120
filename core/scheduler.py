"""Scheduler: runs periodic tasks in the one process that holds its lease."""

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


@dataclass(frozen=True)
class PeriodicTask:
    """An idempotent task; a run that fails is logged and repeated after the interval."""

    name: str
    run: Callable[[], object]


@dataclass
class Scheduler:
    """Runs all `tasks` every INTERVAL_SECONDS while this process holds `lease`."""

    lease: LeaderLease
    tasks: Sequence[PeriodicTask]
    stop: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._ran_at = float("-inf")

    def run(self) -> None:
        """Run the tasks until `shut_down`; failures are logged and never end the loop."""
        try:
            while not self.stop.is_set():
                self.tick()
                self.stop.wait(TICK_SECONDS)
            self._release_lease()
        finally:
            self.ended.set()

    def run_once(self) -> None:
        """Run the tasks now, unless another process holds the lease, and release it."""
        try:
            if self.lease.renew():
                self._run_tasks()
        finally:
            self._release_lease()

    def shut_down(self, patience: float = 0.0) -> bool:
        """Ask the loop to end after the current task; return whether it ended within `patience` seconds."""
        self.stop.set()
        return self.ended.wait(patience)

    def tick(self) -> None:
        """Run the tasks if they are due and this process holds the lease."""
        try:
            if self.lease.renew() and time.monotonic() - self._ran_at >= INTERVAL_SECONDS:
                self._run_tasks()
        except DatabaseError as error:
            LOG.warning("scheduler_database_unavailable", error=type(error).__name__)

    def _run_tasks(self) -> None:
        self._ran_at = time.monotonic()
        for task in self.tasks:
            if self.stop.is_set() or not self.lease.renew():
                return
            _run(task)

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
