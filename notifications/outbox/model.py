"""Letters as values, what can become of a try to send one, and the rule of patience."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

# Resend knows a key for 24 hours: no letter is tried again by itself after that, or it might arrive twice.
GIVE_UP_AFTER = timedelta(days=1)
# A lease is renewed while its letters are in hand; those of a process that died come due again after it.
LEASE = timedelta(seconds=30)
# How long a guest's letter lets the admin's go first when that one meets trouble.
ADMIN_FIRST_DELAY = timedelta(seconds=60)
# How long a letter to a guest waits for an earlier one to the same guest, which ends within a day or is given up.
MAX_BLOCK = GIVE_UP_AFTER + timedelta(hours=1)
MIN_BACKOFF = 1.0
MAX_BACKOFF = 3600.0
# Asked for once more within this, or before it is out, a letter is the one that was asked for before.
DEDUP_WINDOW = timedelta(minutes=1)
# A letter that is not out after this is worth a warning.
STALE_AFTER = timedelta(minutes=10)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


class EmailStatus(StrEnum):
    """What has become of a letter."""

    QUEUED = "queued"
    SENDING = "sending"
    RETRYING = "retrying"
    SENT = "sent"
    DEAD = "dead"


# The states of letters that are still owed.
PENDING = (EmailStatus.QUEUED, EmailStatus.SENDING, EmailStatus.RETRYING)


class Delivery(StrEnum):
    """What the provider told of a letter after it took it; a later one here is not overruled by an earlier one."""

    DELIVERED = "delivered"
    BOUNCED = "bounced"
    COMPLAINED = "complained"


class Result(StrEnum):
    """What has become of one leasing of a letter."""

    SENT = "sent"
    RETRY = "postponed"
    FAILED = "dead"
    NOT_ATTEMPTED = "untried"


@dataclass(frozen=True)
class Batch:
    """Letters that go in one call: all `size` of them, in the order of their ids, under this `key`, since `at`."""

    key: str
    size: int
    at: datetime


@dataclass(frozen=True, kw_only=True)
class OutboxEmail:
    """A row of the outbox. `context` holds the template's variables; `blocked_by` is the id of an e-mail to send first.

    `due_at` is valid while the e-mail is pending. `lease` is the id of its current lease; `due_at` is then the time
    when it became due, and `previous_status` the state before: SENDING if the previous holder ended without a result.
    A `never_batched` e-mail was retried by the back office: no batch includes it, and none is resent for it.
    """

    id: str
    template: str
    to: str
    context: Mapping[str, str]
    created_at: datetime
    due_at: datetime
    subject: str
    blocked_by: str | None = None
    state: EmailStatus = EmailStatus.QUEUED
    attempts: int = 0
    last_error: str = ""
    sent_at: datetime | None = None
    provider_id: str = ""
    delivery: Delivery | None = None
    delivery_at: datetime | None = None
    batch: Batch | None = None
    never_batched: bool = False
    lease: str = ""
    previous_status: EmailStatus = EmailStatus.QUEUED


@dataclass(frozen=True)
class EmailRules:
    """Rules of the features' templates.

    E-mails of `unordered` templates block no other e-mail; those of `to_admin` templates go to the organiser.
    """

    unordered: frozenset[str] = frozenset()
    to_admin: frozenset[str] = frozenset()


@dataclass(frozen=True)
class EmailFilter:
    """What the back office looks for: letters about one booking, or of one state; nothing given looks for all."""

    subject: str = ""
    state: EmailStatus | None = None


@dataclass(frozen=True, order=True)
class EmailCursor:
    """Where a walk through the letters is: when the last one was promised, to the millisecond, and its id."""

    at: datetime
    id: str

    @classmethod
    def at_email(cls, letter: OutboxEmail) -> EmailCursor:
        """Return the cursor that goes on behind `letter`."""
        return cls(letter.created_at, letter.id)

    @classmethod
    def of(cls, text: str) -> EmailCursor:
        """Return the cursor that `str` made `text` of."""
        milliseconds, _, id_ = text.partition(".")
        return cls(EPOCH + int(milliseconds) * MILLISECOND, id_)

    def __str__(self) -> str:
        return f"{(self.at - EPOCH) // MILLISECOND}.{self.id}"


@dataclass(frozen=True)
class EmailPage:
    """A part of the letters found. `next` is where a walk goes on, or None at its end."""

    items: list[OutboxEmail]
    next: EmailCursor | None


@dataclass(frozen=True)
class Outcome:
    """How a leased letter fared; `until` says when to try a postponed one again; `apart` ends its batch for it."""

    email: OutboxEmail
    result: Result
    reason: str = ""
    retry_at: datetime | None = None
    provider_id: str = ""
    leaves_batch: bool = False


@dataclass(frozen=True)
class Attachment:
    """A file that goes with a message; `content_type` is its whole media type, with parameters."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True)
class Message:
    """A letter as it is sent. `key` makes repeating it harmless where the provider knows such keys.

    `written_at` is when its letter was promised: the same however often it is sent.
    """

    key: str
    sender: str
    to: str
    subject: str
    text: str
    html: str
    written_at: datetime
    reply_to: str = ""
    attachments: tuple[Attachment, ...] = ()


def resend_id_prefix(about: str) -> str:
    """Return how the ids begin, before a dash, of those letters about something that the back office asked for."""
    return f"{about}-again"


def backoff_delay(attempts: int, asked: float | None) -> timedelta:
    """Return how long to wait after `attempts` failed ones: doubling, with jitter, never less than `asked` seconds."""
    backoff = min(MAX_BACKOFF, MIN_BACKOFF * 2 ** min(attempts - 1, 20))
    jittered = backoff * random.uniform(0.5, 1.5)  # noqa: S311 # nosec B311 # jitter, not a secret
    return timedelta(seconds=max(jittered, asked or 0.0))


def next_attempt_at(letter: OutboxEmail, now: datetime, asked: float | None) -> datetime | None:
    """Return when to try `letter` after it failed once more, or None when its day of patience is over.

    The last try is made as the day ends, unless the provider asked to wait `asked` seconds beyond that.
    """
    last = letter.created_at + GIVE_UP_AFTER
    if now >= last:
        return None
    return max(min(now + backoff_delay(letter.attempts + 1, None), last), now + timedelta(seconds=asked or 0.0))


def may_be_duplicate(letter: OutboxEmail, now: datetime) -> bool:
    """Return whether a leased letter may be with the provider already, which does not recognise it any more."""
    unknown = letter.previous_status is EmailStatus.SENDING or (
        letter.batch is not None and letter.previous_status is EmailStatus.RETRYING
    )
    return unknown and now >= letter.created_at + GIVE_UP_AFTER


def superseded_by(delivery: Delivery) -> tuple[Delivery, ...]:
    """Return what `delivery` overrules: what comes before it."""
    order = tuple(Delivery)
    return order[: order.index(delivery)]
