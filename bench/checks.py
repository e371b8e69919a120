"""Checks after a round: the database must agree with the responses."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from bench.fixtures import ChangeCounts, StoredCounts
from bench.load_generators import LoadResult
from bench.systems import System, SystemKind
from core.config.settings import ROOT

EMAILS_PER_BOOKING = 2
VERIFY_TIMEOUT_SECONDS = 60


def round_problem(system: System, created: int, unanswered: int) -> str:
    """Return why a round with so many 201 responses is invalid, or an empty string.

    A system without its database has nothing to check. The service of this working tree must also pass `flask verify`.
    """
    if system.spec.kind is SystemKind.NO_DATABASE:
        return ""
    return counts_problem(system.database.count(), created, unanswered) or verify_problem(system)


def counts_problem(stored: StoredCounts, created: int, unanswered: int) -> str:
    """Return how the stored counts contradict the responses, or an empty string.

    An unanswered request may or may not have made a booking.
    """
    if not created <= stored.bookings <= created + unanswered:
        return f"{created} responses with 201, {unanswered} requests unanswered, but {stored.bookings} bookings stored"
    if stored.booked != stored.bookings:
        return f"{stored.bookings} bookings, but the slots' counters add up to {stored.booked}"
    if stored.emails != EMAILS_PER_BOOKING * stored.bookings:
        return f"{stored.bookings} bookings, but {stored.emails} e-mails"
    if stored.oversold > 0:
        return f"a slot is oversold by {stored.oversold}"
    return ""


@dataclass(frozen=True)
class Responses:
    """The responses to a load of changes, on a database with `stored` bookings before it."""

    stored: int
    loaded: LoadResult

    def agree(self, status: int, count: int) -> bool:
        """Return whether `count` changes agree with the responses of this status.

        An unanswered request may or may not have made its change.
        """
        answered = self.loaded.statuses.get(status, 0)
        return answered <= count <= answered + self.loaded.unanswered


def changes_problem(stored: ChangeCounts, responses: Responses) -> str:
    """Return how the stored counts contradict the responses to a load of changes, or an empty string."""
    created = stored.bookings - responses.stored - stored.promoted
    changed = stored.cancelled + stored.moved
    new = created + stored.promoted
    fewest_emails = 2 * new + changed + stored.waiting
    statuses = dict(responses.loaded.statuses)
    checks = (
        (responses.agree(201, created), f"{created} bookings were created"),
        (responses.agree(200, changed), f"{stored.cancelled} bookings were cancelled and {stored.moved} moved"),
        (responses.agree(202, stored.entries), f"{stored.entries} guests joined a waiting list"),
        (stored.booked == stored.confirmed, f"{stored.confirmed} bookings, but the counters are {stored.booked}"),
        (stored.oversold <= 0, f"a slot is oversold by {stored.oversold}"),
        (not stored.idle_places, f"{stored.idle_places} slots have both free places and waiting guests"),
        # The e-mail of a waiting guest is dropped on promotion, unless it has been sent.
        (0 <= stored.emails - fewest_emails <= stored.promoted, f"{stored.emails} e-mails, not {fewest_emails}"),
    )
    problems = [problem for passed, problem in checks if not passed]
    return f"{problems[0]}; {statuses}, {responses.loaded.unanswered} unanswered" if problems else ""


def verify_problem(system: System) -> str:
    """Return the complaint of `flask verify`, or an empty string; only that of this working tree is run."""
    if system.spec.kind is not SystemKind.SERVICE:
        return ""
    return _verify_problem(system.spec.environment)


def _verify_problem(environment: Mapping[str, str]) -> str:
    # Rate limits counted in the database would delay the end of the command's process.
    settings = {**environment, "RATE_LIMIT_STORAGE": "memory://"}
    command = [sys.executable, "-m", "flask", "verify"]
    try:
        done = subprocess.run(
            command,
            check=False,
            capture_output=True,
            text=True,
            cwd=ROOT,
            env=settings,
            timeout=VERIFY_TIMEOUT_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        return f"`flask verify` did not end: {error.stdout!r}"
    return "" if done.returncode == 0 else (done.stdout + done.stderr).strip()[-500:]
