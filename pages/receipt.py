"""Receipt: proof in an address that this browser has just booked, for browsers that block cookies.

A receipt grants no access. It only lets a page confirm what was done, without personal data.
"""

from __future__ import annotations

from datetime import timedelta

from core.config.settings import Settings
from core.timed_signer import TimedSigner
from core.web import context
from schedules.service import Schedules

PURPOSE = "pages.receipt"
LIFETIME = timedelta(minutes=15)


def issue(subject_id: str) -> str:
    """Return the receipt of a booking or a waiting-list entry that was just made."""
    return _signer().sign(subject_id).removeprefix(f"{subject_id}.")


def is_valid(subject_id: str, receipt: str) -> bool:
    """Return whether `receipt` was issued for this subject within its lifetime."""
    verified = _signer().verify(f"{subject_id}.{receipt}")
    return verified is not None and verified[0] == subject_id and verified[1] < LIFETIME


def _signer() -> TimedSigner:
    return TimedSigner(context.get_service(Settings).secret_key, PURPOSE, context.get_service(Schedules).clock)
