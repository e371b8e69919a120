"""Outcomes of sending: stored with retries while the database is unavailable, logged and counted."""

from __future__ import annotations

import time
from collections.abc import Sequence

from core import log, metrics
from core.clock import Clock
from core.mongo.failures import DatabaseError
from notifications.outbox.lease_store import LeaseStore
from notifications.outbox.model import Outcome, Result

LOG = log.get_logger("notifications.delivery.outcomes")
# Outcomes are stored again and again for so long; after that the leases expire, and the provider knows the keys.
RECORD_TIMEOUT = 10.0
RECORD_PAUSE = 0.5


def record(store: LeaseStore, outcomes: Sequence[Outcome], clock: Clock) -> int:
    """Store and log `outcomes`; return the number of e-mails that were attempted."""
    if outcomes:
        _store_with_retries(store, outcomes, clock)
    attempted = [outcome for outcome in outcomes if outcome.result is not Result.NOT_ATTEMPTED]
    for outcome in attempted:
        _log(outcome)
    return len(attempted)


def _store_with_retries(store: LeaseStore, outcomes: Sequence[Outcome], clock: Clock) -> None:
    deadline = time.monotonic() + RECORD_TIMEOUT
    while True:
        try:
            store.record_outcomes(outcomes, clock())
        except DatabaseError as error:
            if time.monotonic() >= deadline:
                raise
            LOG.warning("emails_database_unavailable", error=type(error).__name__)
            time.sleep(RECORD_PAUSE)
        else:
            return


def _log(outcome: Outcome) -> None:
    email = outcome.email
    fields = {"email_id": email.id, "template": email.template, "attempts": email.attempts + 1}
    metrics.LETTERS_SENT.labels(outcome.result.value).inc()
    if outcome.result is Result.SENT:
        LOG.info("email_sent", **fields)
    elif outcome.result is Result.RETRY:
        LOG.warning("email_postponed", reason=outcome.reason, **fields)
    else:
        LOG.error("email_failed", reason=outcome.reason, **fields)
