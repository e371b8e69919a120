"""The sustained rate: bookings per second when the same workers also deliver every e-mail to a local provider.

Load and delivery alternate: a slice of load, then a wait until the provider has all e-mails of it. So no backlog grows,
and the value counts all work that a booking causes.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import requests

from bench import load_generators
from bench.checks import EMAILS_PER_BOOKING, round_problem
from bench.load_generators import LoadResult
from bench.results import SUSTAINED, RoundResult
from bench.scenarios import ScenarioRunner, round_result, wait_for_cache_expiry
from bench.system_specs import EVENT_UNLIMITED, planned_slots
from bench.systems import System

SLICE_SECONDS = 2.0
DELIVERY_TIMEOUT_SECONDS = 120.0
UNCHANGED_SECONDS = 1.0
POLL_SECONDS = 0.05


@dataclass(frozen=True)
class ProviderCounts:
    """The e-mails that the provider has received, and how many different ones are among them."""

    received: int
    distinct: int


def sustained(runner: ScenarioRunner, system: System) -> RoundResult:
    """Book and deliver for a minute, or for `sustained_seconds`."""
    slots = planned_slots(EVENT_UNLIMITED)
    system.reset(slots)
    wait_for_cache_expiry()
    before = _settled_counts(system)
    measured = runner.measure(system, lambda: _load_and_deliver(runner, system, before))
    loaded = measured.loaded
    problem = round_problem(system, loaded.created, loaded.unanswered)
    problem = problem or delivery_problem(before, _counts(system), loaded)
    return round_result(SUSTAINED, system, measured, problem)


def joined_slices(slices: Sequence[LoadResult], seconds: float) -> LoadResult:
    """Return the slices as one load of `seconds`: the median p50, and the worst p99."""
    statuses: Counter[int] = Counter()
    for part in slices:
        statuses.update(part.statuses)
    return LoadResult(
        per_second=statuses[201] / seconds,
        seconds=seconds,
        p50=median(part.p50 for part in slices if part.p50 is not None),
        p99=max(part.p99 for part in slices if part.p99 is not None),
        statuses=dict(statuses),
        unanswered=sum(part.unanswered for part in slices),
        connection_errors=sum(part.connection_errors for part in slices),
    )


def delivery_problem(before: ProviderCounts, after: ProviderCounts, loaded: LoadResult) -> str:
    """Return whether an e-mail is missing or was delivered twice, or an empty string."""
    received = after.received - before.received
    distinct = after.distinct - before.distinct
    fewest = EMAILS_PER_BOOKING * loaded.created
    most = fewest + EMAILS_PER_BOOKING * loaded.unanswered
    if fewest <= distinct <= most and received == distinct:
        return ""
    return f"{loaded.created} bookings, but {received} e-mails were delivered, {distinct} different ones"


def _load_and_deliver(runner: ScenarioRunner, system: System, before: ProviderCounts) -> LoadResult:
    slots = planned_slots(EVENT_UNLIMITED)
    slices: list[LoadResult] = []
    start = time.monotonic()
    while time.monotonic() < start + runner.sizes.sustained_seconds:
        requests_ = runner.booking_requests(slots)
        slices.append(load_generators.create_bookings(system.url, requests_, SLICE_SECONDS))
        created = sum(part.created for part in slices)
        _wait_for_emails(system, before.distinct + EMAILS_PER_BOOKING * created)
    return joined_slices(slices, time.monotonic() - start)


def _wait_for_emails(system: System, distinct: int) -> None:
    """Return when the provider has so many different e-mails, or after a time-out."""
    deadline = time.monotonic() + DELIVERY_TIMEOUT_SECONDS
    while _counts(system).distinct < distinct and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)


def _settled_counts(system: System) -> ProviderCounts:
    """Return the counts when no e-mail of the warm-up arrives any more, or after a time-out."""
    deadline = time.monotonic() + DELIVERY_TIMEOUT_SECONDS
    counts = _counts(system)
    while time.monotonic() < deadline:
        time.sleep(UNCHANGED_SECONDS)
        before = counts
        counts = _counts(system)
        if counts == before:
            break
    return counts


def _counts(system: System) -> ProviderCounts:
    answer = requests.get(system.spec.environment["RESEND_API_URL"], timeout=10).json()
    return ProviderCounts(**answer)
