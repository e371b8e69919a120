"""Sends what the outbox promises: one process at a time, at the provider's rate, again and again until it is done."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from queue import Empty, SimpleQueue

from core import log, metrics
from core.clock import Clock
from core.errors import Unavailable
from core.mongo.failures import DatabaseError
from notifications.delivery.batching import BatchPlanner
from notifications.delivery.sender import Render, Sender, SendJob
from notifications.delivery.throttle import SendThrottle
from notifications.mailers import Mailer
from notifications.outbox.model import LEASE, Outcome, Result
from notifications.outbox.store import OutboxStore

LOG = log.get_logger("notifications.delivery.worker")
LEASE_NAME = "letters"
LEASE_TTL = timedelta(seconds=15)
RENEW_SECONDS = 4.0
# No letter is begun when its lease has not been renewed for so long that it might end on the way.
FRESH = LEASE / 2
IDLE_SECONDS = 1.0
FAILURE_PAUSE = 5.0
# What was sent is marked again and again for so long when the database is away; then the lease must do.
RECORD_TIMEOUT = 10.0
RECORD_PAUSE = 0.5
# A lease holds what can be sent in so many seconds one by one, so that it never runs out for being too large; or as
# much as there may be where letters go together.
SECONDS_AT_ONCE = 10.0
MOST_AT_ONCE = 200
# Below this rate one sender keeps up; above it, several hide the provider's latency.
PARALLEL_ABOVE_RATE = 10.0
SENDERS = 4
PERIODIC_TASK_INTERVAL = 60.0


@dataclass
class OutboxWorker:
    """The sending loop. `owner` names this process among those that may send."""

    store: OutboxStore
    mailer: Mailer
    render: Render
    clock: Clock
    rate: float
    worker_id: str
    stop: threading.Event = field(default_factory=threading.Event)
    # What whoever sends does once in a while: promise letters that come due by the clock.
    periodic_task: Callable[[], int] = lambda: 0
    wake: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        """Set the pace."""
        self._pace = SendThrottle(self.rate)
        self._packer = BatchPlanner(self.store, self.mailer, self.render)
        self._sender = Sender(self.mailer, self.render, self.clock, self._pace)
        self._senders = SENDERS if self.rate >= PARALLEL_ABOVE_RATE else 1
        one_by_one = max(1, min(MOST_AT_ONCE, int(self.rate * SECONDS_AT_ONCE)))
        self._most = MOST_AT_ONCE if self._packer.makes_batches else one_by_one
        self._renewed = self._errand_at = float("-inf")
        self._leased_until = datetime.min.replace(tzinfo=UTC)

    def run(self) -> None:
        """Send letters until told to stop; trouble is logged and never ends the loop."""
        try:
            while not self.stop.is_set():
                self._tick()
            self._leave()
        finally:
            self.ended.set()

    def send_due(self) -> int:
        """Send one lease of due letters; return how many were tried."""
        self._run_periodic_task()
        if self._pace.wait_seconds() > IDLE_SECONDS:
            return 0
        now = self.clock()
        letters = self.store.lease(self._most, now)
        if not letters:
            return 0
        self._leased_until = now + LEASE
        parcels = self._packer.plan(letters, now)
        outcomes: SimpleQueue[list[Outcome]] = SimpleQueue()
        senders = ThreadPoolExecutor(self._senders, thread_name_prefix="letters")
        try:
            for parcel in parcels:
                senders.submit(self._report, parcel, outcomes)
            return self._collect_outcomes(outcomes, len(parcels), letters[0].lease)
        finally:
            senders.shutdown(cancel_futures=True)

    def send_all_due(self) -> int:
        """Send until nothing is due, if no other process is sending; return how many letters were tried."""
        tried = 0
        try:
            while not self.stop.is_set() and self._holds_lease():
                count = self.send_due()
                tried += count
                if not count and not self._waited_for_the_rate():
                    break
        finally:
            self._leave()
        return tried

    def shut_down(self, patience: float = 0.0) -> bool:
        """Ask the loop to end after the letters in hand; return whether it ended within `patience` seconds."""
        self.stop.set()
        self.wake.set()
        return self.ended.wait(patience)

    def _tick(self) -> None:
        try:
            if not self._holds_lease():
                # What this process promises is not its to send: no news of it is worth asking for the role.
                self.stop.wait(IDLE_SECONDS)
                return
            tried = self.send_due()
        except DatabaseError as error:
            LOG.warning("letters_database_away", error=type(error).__name__)
            self._sleep(FAILURE_PAUSE)
        except Exception:  # the edge: a bug must not silence the letters for ever
            LOG.exception("letters_round_failed")
            self._sleep(FAILURE_PAUSE)
        else:
            if not tried:
                self._sleep(IDLE_SECONDS)

    def _run_periodic_task(self) -> None:
        now = time.monotonic()
        if now - self._errand_at >= PERIODIC_TASK_INTERVAL:
            self._errand_at = now
            try:
                freed = self.store.unblock_orphans(self.clock())
                if freed:
                    LOG.warning("letters_freed", letters=freed)
                self.store.erasure.finish()
                self.periodic_task()
            except (DatabaseError, Unavailable) as error:
                LOG.warning("letters_database_away", error=type(error).__name__)

    def _report(self, parcel: SendJob, outcomes: SimpleQueue[list[Outcome]]) -> None:
        outcomes.put(self._sender.send(parcel, self._acquire_slot))

    def _acquire_slot(self) -> bool:
        """Wait for the next place in time; return whether this process may still send a leased letter then."""
        while not self.stop.is_set() and self._holds_lease() and self._leased_until - self.clock() > FRESH:
            wait = self._pace.try_acquire()
            if not wait:
                return True
            if wait > IDLE_SECONDS and self._pace.is_paused():
                return False
            self.stop.wait(wait)
        return False

    def _collect_outcomes(self, outcomes: SimpleQueue[list[Outcome]], left: int, lease: str) -> int:
        """Mark the letters of `left` parcels as they fare, those that come in together with one call.

        Return how many letters were tried.
        """
        tried = 0
        while left:
            self._renew(lease)
            with suppress(Empty):
                group = [outcomes.get(timeout=RENEW_SECONDS)]
                while not outcomes.empty():
                    group.append(outcomes.get())
                left -= len(group)
                tried += self._record([outcome for parcel in group for outcome in parcel])
        return tried

    def _renew(self, lease: str) -> None:
        """Keep the role and the lease while letters are on their way, however long a mail server takes."""
        now = self.clock()
        if not timedelta() < self._leased_until - now <= LEASE - timedelta(seconds=RENEW_SECONDS):
            return
        try:
            self._holds_lease()
            self.store.renew_lease(lease, now)
            self._leased_until = now + LEASE
        except DatabaseError as error:
            LOG.warning("letters_database_away", error=type(error).__name__)

    def _record(self, outcomes: list[Outcome]) -> int:
        """Mark the letters; return how many of them were tried."""
        deadline = time.monotonic() + RECORD_TIMEOUT
        while outcomes:
            try:
                self.store.record_outcomes(outcomes, self.clock())
                break
            except DatabaseError as error:
                if time.monotonic() >= deadline:
                    raise
                LOG.warning("letters_database_away", error=type(error).__name__)
                time.sleep(RECORD_PAUSE)
        tried = [outcome for outcome in outcomes if outcome.result is not Result.NOT_ATTEMPTED]
        for outcome in tried:
            _log_outcome(outcome)
        return len(tried)

    def _waited_for_the_rate(self) -> bool:
        """Wait a moment if only the rate holds the next letter back; return whether it did."""
        if self._pace.is_paused() or self._pace.wait_seconds() <= IDLE_SECONDS:
            return False
        self.stop.wait(IDLE_SECONDS)
        return True

    def _holds_lease(self) -> bool:
        asked = time.monotonic()
        if asked - self._renewed < RENEW_SECONDS:
            return True
        if self.store.acquire_lease(LEASE_NAME, self.worker_id, self.clock(), LEASE_TTL):
            self._renewed = asked
            return True
        return False

    def _sleep(self, seconds: float) -> None:
        self.wake.wait(seconds)
        self.wake.clear()

    def _leave(self) -> None:
        self._renewed = float("-inf")
        try:
            self.store.release_lease(LEASE_NAME, self.worker_id)
        except DatabaseError as error:
            LOG.warning("letters_role_kept", error=type(error).__name__)


def _log_outcome(outcome: Outcome) -> None:
    letter = outcome.email
    about = {"letter": letter.id, "template": letter.template, "attempts": letter.attempts + 1}
    metrics.LETTERS_SENT.labels(outcome.result.value).inc()
    if outcome.result is Result.SENT:
        LOG.info("letter_sent", **about)
    elif outcome.result is Result.RETRY:
        LOG.warning("letter_postponed", reason=outcome.reason, **about)
    else:
        LOG.error("letter_given_up", reason=outcome.reason, **about)
