"""Dispatcher: leases due e-mails, sends them in parallel, and records the outcomes as they arrive."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from queue import Empty, SimpleQueue

from core import leader_lease, log
from core.mongo.failures import DatabaseError
from notifications.delivery import outcomes
from notifications.delivery.batching import BatchPlanner
from notifications.delivery.permit import SendPermit
from notifications.delivery.sender import Sender, SendJob
from notifications.outbox.lease_store import LeaseStore
from notifications.outbox.model import LEASE, Outcome

LOG = log.get_logger("notifications.delivery.dispatcher")
# A lease covers what can be sent individually in so many seconds, so that it does not expire for its size alone; where
# e-mails go in batches, it covers MAX_LEASED.
SECONDS_PER_LEASE = 10.0
MAX_LEASED = 200
# Below this rate one sender keeps up; above it, several hide the provider's latency.
PARALLEL_ABOVE_RATE = 10.0
SENDERS = 4


@dataclass(frozen=True)
class Capacity:
    """The number of parallel senders and of e-mails in one lease."""

    senders: int
    max_leased: int

    @classmethod
    def for_rate(cls, rate: float, *, batches: bool) -> Capacity:
        """Return the capacity for `rate` e-mails a second, with or without batches."""
        senders = SENDERS if rate >= PARALLEL_ABOVE_RATE else 1
        individually = max(1, min(MAX_LEASED, int(rate * SECONDS_PER_LEASE)))
        return cls(senders, MAX_LEASED if batches else individually)


@dataclass
class Dispatcher:
    """Sends one lease of due e-mails at a time."""

    store: LeaseStore
    planner: BatchPlanner
    sender: Sender
    permit: SendPermit
    capacity: Capacity

    def send_due(self) -> int:
        """Send one lease of due e-mails; return the number of e-mails that were attempted."""
        if self.permit.must_wait():
            return 0
        now = self.permit.clock()
        emails = self.store.lease(self.capacity.max_leased, now)
        if not emails:
            return 0
        self.permit.begin(now)
        jobs = self.planner.plan(emails, now)
        results: SimpleQueue[list[Outcome]] = SimpleQueue()
        senders = ThreadPoolExecutor(self.capacity.senders, thread_name_prefix="emails")
        try:
            for job in jobs:
                senders.submit(self._send, job, results)
            return self._collect_outcomes(results, len(jobs), emails[0].lease)
        finally:
            senders.shutdown(cancel_futures=True)

    def _send(self, job: SendJob, results: SimpleQueue[list[Outcome]]) -> None:
        results.put(self.sender.send(job, self.permit.acquire))

    def _collect_outcomes(self, results: SimpleQueue[list[Outcome]], jobs: int, lease: str) -> int:
        """Record the outcomes of `jobs` jobs, those that have arrived together in one call.

        Return the number of e-mails that were attempted.
        """
        attempted = 0
        while jobs:
            self._renew(lease)
            arrived = _arrived(results)
            jobs -= len(arrived)
            group = [outcome for result in arrived for outcome in result]
            attempted += outcomes.record(self.store, group, self.permit.clock)
        return attempted

    def _renew(self, lease: str) -> None:
        """Renew both leases while e-mails are being sent, however slow a mail server is."""
        now = self.permit.clock()
        remaining = self.permit.remaining_lease(now)
        if not timedelta() < remaining <= LEASE - timedelta(seconds=leader_lease.RENEW_SECONDS):
            return
        try:
            self.permit.lease.renew()
            self.store.renew_lease(lease, now)
            self.permit.begin(now)
        except DatabaseError as error:
            LOG.warning("emails_database_unavailable", error=type(error).__name__)


def _arrived(results: SimpleQueue[list[Outcome]]) -> list[list[Outcome]]:
    """Wait up to RENEW_SECONDS for a result; return all that have arrived."""
    arrived: list[list[Outcome]] = []
    with suppress(Empty):
        arrived.append(results.get(timeout=leader_lease.RENEW_SECONDS))
        while not results.empty():
            arrived.append(results.get())
    return arrived
