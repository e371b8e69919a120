"""Send permit: a call to the mailer waits for the throttle and needs valid leases."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from core.clock import Clock
from core.leader_lease import LeaderLease
from notifications.delivery.throttle import SendThrottle
from notifications.outbox.model import LEASE

# No e-mail is sent when its lease might expire on the way.
MIN_REMAINING_LEASE = LEASE / 2
MAX_WAIT_SECONDS = 1.0


@dataclass
class SendPermit:
    """Permission to send leased e-mails: this process leads, the e-mails' lease is fresh, the rate allows it."""

    lease: LeaderLease
    throttle: SendThrottle
    clock: Clock
    stop: threading.Event

    def __post_init__(self) -> None:
        self._leased_until = datetime.min.replace(tzinfo=UTC)

    def begin(self, leased_at: datetime) -> None:
        """Start the e-mails' lease at `leased_at`."""
        self._leased_until = leased_at + LEASE

    def remaining_lease(self, now: datetime) -> timedelta:
        """Return how long the e-mails' lease is still valid."""
        return self._leased_until - now

    def acquire(self) -> bool:
        """Wait for the throttle; return whether this process may still send a leased e-mail then."""
        while not self.stop.is_set() and self._leases_are_valid():
            wait = self.throttle.try_acquire()
            if not wait:
                return True
            if wait > MAX_WAIT_SECONDS and self.throttle.is_paused():
                return False
            self.stop.wait(wait)
        return False

    def wait_for_rate(self) -> bool:
        """Wait a moment if only the rate delays the next e-mail; return whether it did."""
        if self.throttle.is_paused() or self.throttle.wait_seconds() <= MAX_WAIT_SECONDS:
            return False
        self.stop.wait(MAX_WAIT_SECONDS)
        return True

    def must_wait(self) -> bool:
        """Return whether the throttle lets nothing through for more than MAX_WAIT_SECONDS."""
        return self.throttle.wait_seconds() > MAX_WAIT_SECONDS

    def _leases_are_valid(self) -> bool:
        return self.lease.renew() and self.remaining_lease(self.clock()) > MIN_REMAINING_LEASE
