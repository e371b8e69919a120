"""Sender: one call to the mailer for each job, and its outcomes."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

from core.clock import Clock
from core.mongo.failures import DatabaseError
from notifications.delivery.throttle import SendThrottle
from notifications.errors import BatchRefused, PermanentFailure, ProviderUnavailable, TransientFailure
from notifications.outbox.model import (
    Batch,
    EmailStatus,
    Message,
    OutboxEmail,
    Outcome,
    Result,
    may_be_duplicate,
    next_attempt_at,
)
from notifications.providers.base import BatchMailer, Mailer

Render = Callable[[OutboxEmail], Message]
TOO_LATE = "interrupted a day ago: it may have arrived"


@dataclass(frozen=True)
class SendJob:
    """One call: the leased `emails`, and for a `batch` all its e-mails, in the order of the call.

    `messages` are the rendered `batch_emails` of a new batch.
    """

    emails: Sequence[OutboxEmail]
    batch: Batch | None = None
    batch_emails: Sequence[OutboxEmail] = ()
    messages: Sequence[Message] = ()

    @property
    def is_new(self) -> bool:
        """Return whether no process can have made the call before."""
        return all(email.previous_status is EmailStatus.QUEUED for email in self.emails)


@dataclass(frozen=True)
class Sender:
    """Passes jobs to the mailer."""

    mailer: Mailer
    render: Render
    clock: Clock
    throttle: SendThrottle

    def send(self, job: SendJob, may_send: Callable[[], bool]) -> list[Outcome]:
        """Send `job` if `may_send` permits it; return the outcome of each of its e-mails. Raises nothing."""
        try:
            late = [email for email in job.emails if not job.batch and may_be_duplicate(email, self.clock())]
            if late:
                return [Outcome(email, Result.FAILED, TOO_LATE) for email in late]
            if not may_send():
                return _not_attempted(job)
            outcomes = self._deliver(job)
        except BatchRefused as error:
            now = self.clock()
            outcomes = [Outcome(each, Result.RETRY, str(error), now, leaves_batch=True) for each in job.emails]
        except PermanentFailure as error:
            outcomes = [Outcome(email, Result.FAILED, str(error)) for email in job.emails]
        except ProviderUnavailable as error:
            self.throttle.record_failure(error.after)
            return self._retry_outcomes(job, str(error), error.after)
        except TransientFailure as error:
            outcomes = self._retry_outcomes(job, str(error))
        except DatabaseError:
            return _not_attempted(job)
        except Exception as error:  # a bug in one e-mail must not delay the others, and may be fixed within the day
            return self._retry_outcomes(job, f"cannot be made: {_redacted(error)}")
        self.throttle.record_success()
        return outcomes

    def _deliver(self, job: SendJob) -> list[Outcome]:
        if not job.batch:
            (email,) = job.emails
            return [Outcome(email, Result.SENT, provider_id=self.mailer.send(self.render(email)))]
        messages = job.messages or [self.render(email) for email in job.batch_emails]
        provider_ids = cast("BatchMailer", self.mailer).send_batch(messages, job.batch.key)
        outcomes = []
        for email, provider_id in zip(job.batch_emails, provider_ids, strict=True):
            if email.state is not EmailStatus.SENT:
                outcomes.append(Outcome(email, Result.SENT, provider_id=provider_id))
        return outcomes

    def _retry_outcomes(self, job: SendJob, reason: str, asked: float | None = None) -> list[Outcome]:
        """Return RETRY for each e-mail, those of a batch at one time, or FAILED for those older than GIVE_UP_AFTER."""
        now = self.clock()
        attempts = {email.id: next_attempt_at(email, now, asked) for email in job.emails}
        retry_at = min(filter(None, attempts.values()), default=None)
        individually = not job.batch
        outcomes = []
        for email in job.emails:
            if attempts[email.id]:
                outcomes.append(Outcome(email, Result.RETRY, reason, retry_at, leaves_batch=individually))
            else:
                outcomes.append(Outcome(email, Result.FAILED, reason, leaves_batch=individually))
        return outcomes


def _not_attempted(job: SendJob) -> list[Outcome]:
    """Return NOT_ATTEMPTED for each e-mail; a new batch is dissolved."""
    leaves_batch = not job.batch or job.is_new
    return [Outcome(email, Result.NOT_ATTEMPTED, leaves_batch=leaves_batch) for email in job.emails]


def _redacted(error: Exception) -> str:
    """Return the type and place of `error`; its message may contain personal data."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {place.name}:{place.lineno}"
