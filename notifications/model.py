"""Letters as values, what can become of a try to send one, and the rule of patience."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

# Resend knows a key for 24 hours: no letter is tried again by itself after that, or it might arrive twice.
GIVE_UP_AFTER = timedelta(days=1)
# A lease is renewed while its letters are in hand; those of a process that died come due again after it.
LEASE = timedelta(seconds=30)
# How long a guest's letter lets the admin's go first when that one meets trouble.
HEAD_START = timedelta(seconds=60)
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 3600.0


class State(StrEnum):
    """What has become of a letter."""

    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"


class Result(StrEnum):
    """What has become of one leasing of a letter."""

    SENT = "sent"
    POSTPONED = "postponed"
    FAILED = "failed"
    UNTRIED = "untried"


@dataclass(frozen=True, kw_only=True)
class Letter:
    """A row of the outbox. `facts` are what its templates need; `after` is the letter that goes first.

    `lease` names the lease under which a letter is in hand; `due_at` is then still when it came due.
    """

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
    lease: str = ""


@dataclass(frozen=True)
class Outcome:
    """How a leased letter fared; `until` says when to try a postponed one again."""

    letter: Letter
    result: Result
    reason: str = ""
    until: datetime | None = None


@dataclass(frozen=True)
class Attachment:
    """A file that goes with a message; `content_type` is its whole media type, with parameters."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True)
class Message:
    """A letter as it is sent. `key` makes repeating it harmless where the provider knows such keys."""

    key: str
    sender: str
    to: str
    subject: str
    text: str
    html: str
    reply_to: str = ""
    attachments: tuple[Attachment, ...] = ()


def pause_after(attempts: int, asked: float | None) -> timedelta:
    """Return how long to wait after `attempts` failed ones: doubling, with jitter, never less than `asked` seconds."""
    backoff = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(attempts - 1, 20))
    jittered = backoff * random.uniform(0.5, 1.5)  # noqa: S311 # nosec B311 # jitter, not a secret
    return timedelta(seconds=max(jittered, asked or 0.0))


def next_try(letter: Letter, now: datetime, asked: float | None) -> datetime | None:
    """Return when to try `letter` after it failed once more, or None when its day of patience is over.

    The last try is made as the day ends, unless the provider asked to wait `asked` seconds beyond that.
    """
    last = letter.created_at + GIVE_UP_AFTER
    if now >= last:
        return None
    return max(min(now + pause_after(letter.attempts + 1, None), last), now + timedelta(seconds=asked or 0.0))
