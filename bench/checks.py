"""Checks after a round: the database must agree with the responses."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping

from bench.fixtures import StoredCounts
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
    problem = counts_problem(system.database.count(), created, unanswered)
    if problem or system.spec.kind is not SystemKind.SERVICE:
        return problem
    return _verify_problem(system.spec.environment)


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
