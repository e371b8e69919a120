"""Letters as values, and the rule of patience."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

GIVE_UP_AFTER = timedelta(days=1)
LEASE = timedelta(seconds=90)
# How long a guest's letter lets the admin's go first when that one meets trouble.
HEAD_START = timedelta(seconds=60)
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 3600.0


class State(StrEnum):
    """What has become of a letter."""

    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class Letter:
    """A row of the outbox. `facts` are what its templates need; `after` is the letter that goes first."""

    id: str
    template: str
    to: str
    facts: Mapping[str, str]
    created_at: datetime
    due_at: datetime
    about: str
    after: str | None = None
    state: State = State.PENDING
    attempts: int = 0
    last_error: str = ""
    sent_at: datetime | None = None


@dataclass(frozen=True)
class Message:
    """A letter as it is sent. `key` makes repeating it harmless where the provider knows such keys."""

    key: str
    sender: str
    to: str
    subject: str
    text: str
    html: str


def pause_after(attempts: int, asked: float | None) -> timedelta:
    """Return how long to wait after `attempts` failed ones: doubling, with jitter, never less than `asked` seconds."""
    backoff = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(attempts - 1, 20))
    jittered = backoff * random.uniform(0.5, 1.5)  # noqa: S311 # nosec B311 # jitter, not a secret
    return timedelta(seconds=max(jittered, asked or 0.0))


def gives_up(letter: Letter, now: datetime) -> bool:
    """Return whether `letter` has been tried long enough."""
    return now - letter.created_at >= GIVE_UP_AFTER
