"""Outbox worker: the loop that sends due e-mails in the one process that holds the lease."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from core import log
from core.errors import Unavailable
from core.leader_lease import LeaderLease
from core.mongo.failures import DatabaseError
from notifications.delivery.dispatcher import Dispatcher

LOG = log.get_logger("notifications.delivery.worker")
LEASE_NAME = "letters"
IDLE_SECONDS = 1.0
FAILURE_PAUSE = 5.0


@dataclass
class OutboxWorker:
    """The sending loop; `wake` is set after a commit that enqueued e-mails."""

    dispatcher: Dispatcher
    lease: LeaderLease
    stop: threading.Event = field(default_factory=threading.Event)
    wake: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Send e-mails until `shut_down`; failures are logged and never end the loop."""
        try:
            while not self.stop.is_set():
                self._tick()
            self._release_lease()
        finally:
            self.ended.set()

    def send_due(self) -> int:
        """Send one lease of due e-mails; return the number of e-mails that were attempted."""
        return self.dispatcher.send_due()

    def send_all_due(self) -> int:
        """Send until nothing is due, unless another process holds the lease; return how many were attempted."""
        attempted = 0
        try:
            while not self.stop.is_set() and self.lease.renew():
                count = self.dispatcher.send_due()
                attempted += count
                if not count and not self.dispatcher.permit.wait_for_rate():
                    break
        finally:
            self._release_lease()
        return attempted

    def shut_down(self, patience: float = 0.0) -> bool:
        """Ask the loop to end after the e-mails being sent; return whether it ended within `patience` seconds."""
        self.stop.set()
        self.wake.set()
        return self.ended.wait(patience)

    def _tick(self) -> None:
        try:
            if not self.lease.renew():
                # Another process sends what this one enqueues: `wake` is no reason to ask for the lease.
                self.stop.wait(IDLE_SECONDS)
                return
            attempted = self.dispatcher.send_due()
        except (DatabaseError, Unavailable) as error:
            LOG.warning("emails_database_unavailable", error=type(error).__name__)
            self._sleep(FAILURE_PAUSE)
        except Exception:  # boundary handler: a bug must not end the loop
            LOG.exception("email_worker_failed")
            self._sleep(FAILURE_PAUSE)
        else:
            if not attempted:
                self._sleep(IDLE_SECONDS)

    def _sleep(self, seconds: float) -> None:
        self.wake.wait(seconds)
        self.wake.clear()

    def _release_lease(self) -> None:
        try:
            self.lease.release()
        except DatabaseError as error:
            LOG.warning("lease_release_failed", lease=self.lease.name, error=type(error).__name__)
