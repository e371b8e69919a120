"""Model of the outbox: e-mails, their states, outcomes and retries."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from core.pagination import Cursor

# Resend knows a key for 24 hours; a later attempt could send an e-mail twice.
GIVE_UP_AFTER = timedelta(days=1)
# A lease is renewed while its e-mails are being sent; those of a dead process are due again after it.
LEASE = timedelta(seconds=30)
# How long a failing e-mail to the admin blocks the guest's.
ADMIN_FIRST_DELAY = timedelta(seconds=60)
# How long an earlier e-mail blocks the next one to the same guest; it is sent or dead after a day.
MAX_BLOCK = GIVE_UP_AFTER + timedelta(hours=1)
MIN_BACKOFF = 1.0
MAX_BACKOFF = 3600.0
# A second resend or retry within this time, or while the first is pending, changes nothing.
DEDUP_WINDOW = timedelta(minutes=1)
# A pending e-mail of this age causes a warning.
STALE_AFTER = timedelta(minutes=10)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
# The order of cursors over the outbox.
CREATED_ORDER = "created"


class EmailStatus(StrEnum):
    """State of an e-mail."""

    QUEUED = "queued"
    SENDING = "sending"
    RETRYING = "retrying"
    SENT = "sent"
    DEAD = "dead"


PENDING = (EmailStatus.QUEUED, EmailStatus.SENDING, EmailStatus.RETRYING)


class Delivery(StrEnum):
    """The provider's delivery reports; a later member is not replaced by an earlier one."""

    DELIVERED = "delivered"
    BOUNCED = "bounced"
    COMPLAINED = "complained"


class Result(StrEnum):
    """Result of one lease of an e-mail."""

    SENT = "sent"
    RETRY = "postponed"
    FAILED = "dead"
    NOT_ATTEMPTED = "untried"


class Audience(StrEnum):
    """Recipient's role."""

    GUEST = "guest"
    ADMIN = "admin"


@dataclass(frozen=True)
class EmailTemplate:
    """A feature's template with the rules of its e-mails, which each e-mail stores.

    An `ordered` e-mail blocks the recipient's next one about the same subject. `subject_kind` names the check whether
    an e-mail is still current; without one it always is.
    """

    name: str
    audience: Audience = Audience.GUEST
    ordered: bool = True
    subject_kind: str = ""


@dataclass(frozen=True)
class Batch:
    """A call with `size` e-mails in the order of their ids, under the idempotency key `key`, formed at `at`."""

    key: str
    size: int
    at: datetime


@dataclass(frozen=True, kw_only=True)
class OutboxEmail:
    """A row of the outbox. `context` holds the template's variables; `blocked_by` is the id of an e-mail to send first.

    `due_at` is valid while the e-mail is pending. `lease` is the id of its current lease; `due_at` is then the time
    when it became due, and `previous_status` the state before: SENDING if the previous holder ended without a result.
    A `never_batched` e-mail was retried by the back office: no batch includes it, and none is resent for it.
    `audience`, `ordered` and `subject_kind` are those of its template; `version` is the version of its subject.
    """

    id: str
    template: str
    to: str
    context: Mapping[str, str]
    created_at: datetime
    due_at: datetime
    subject: str
    audience: Audience = Audience.GUEST
    ordered: bool = True
    subject_kind: str = ""
    version: str = ""
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
class EmailFilter:
    """Filter of the back office: e-mails about one booking, or of one state, or all."""

    subject: str = ""
    state: EmailStatus | None = None


@dataclass(frozen=True)
class Outcome:
    """Outcome of a leased e-mail: `retry_at` is its next attempt; `leaves_batch` takes it out of its batch."""

    email: OutboxEmail
    result: Result
    reason: str = ""
    retry_at: datetime | None = None
    provider_id: str = ""
    leaves_batch: bool = False


@dataclass(frozen=True)
class Attachment:
    """An attached file; `content_type` is its media type with parameters."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True)
class Message:
    """A rendered e-mail. `key` is the provider's idempotency key, `written_at` the e-mail's creation time."""

    key: str
    sender: str
    to: str
    subject: str
    text: str
    html: str
    written_at: datetime
    reply_to: str = ""
    attachments: tuple[Attachment, ...] = ()


def cursor_of(email: OutboxEmail) -> Cursor:
    """Return the cursor of `email` in the order of creation, in milliseconds since 1970."""
    return Cursor(email.id, str((email.created_at - EPOCH) // MILLISECOND), CREATED_ORDER)


def position_of(cursor: Cursor) -> tuple[datetime, str]:
    """Return creation time and id of the e-mail that `cursor` names."""
    return EPOCH + int(cursor.value) * MILLISECOND, cursor.id


def resend_id_prefix(subject: str) -> str:
    """Return the prefix, without its dash, of the ids of resent e-mails about `subject`."""
    return f"{subject}-again"


def backoff_delay(attempts: int, asked: float | None) -> timedelta:
    """Return the pause after `attempts` failures: exponential, with jitter, at least `asked` seconds."""
    backoff = min(MAX_BACKOFF, MIN_BACKOFF * 2 ** min(attempts - 1, 20))
    jittered = backoff * random.uniform(0.5, 1.5)  # noqa: S311 # nosec B311 # jitter, not a secret
    return timedelta(seconds=max(jittered, asked or 0.0))


def next_attempt_at(email: OutboxEmail, now: datetime, asked: float | None) -> datetime | None:
    """Return the time of the next attempt after another failure, or None if GIVE_UP_AFTER has passed.

    The last attempt is at that time, unless the provider asked to wait `asked` seconds beyond it.
    """
    last = email.created_at + GIVE_UP_AFTER
    if now >= last:
        return None
    return max(min(now + backoff_delay(email.attempts + 1, None), last), now + timedelta(seconds=asked or 0.0))


def may_be_duplicate(email: OutboxEmail, now: datetime) -> bool:
    """Return whether the provider may have accepted the e-mail and no longer know its key."""
    unknown = email.previous_status is EmailStatus.SENDING or (
        email.batch is not None and email.previous_status is EmailStatus.RETRYING
    )
    return unknown and now >= email.created_at + GIVE_UP_AFTER


def superseded_by(delivery: Delivery) -> tuple[Delivery, ...]:
    """Return the reports that `delivery` replaces."""
    order = tuple(Delivery)
    return order[: order.index(delivery)]
