"""One call to the mailer and what became of it: a *parcel* is a letter, or a batch of them that goes as one."""

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
    """What goes in one call: `letters` of the lease in hand, and, of a `batch`, all its letters as `whole`.

    `messages` are those of `whole` where they have been made already.
    """

    letters: Sequence[OutboxEmail]
    batch: Batch | None = None
    batch_emails: Sequence[OutboxEmail] = ()
    messages: Sequence[Message] = ()

    @property
    def is_new(self) -> bool:
        """Return whether no process can have sent it yet."""
        return all(letter.previous_status is EmailStatus.QUEUED for letter in self.letters)


@dataclass(frozen=True)
class Sender:
    """Hands parcels over and says how their letters fared."""

    mailer: Mailer
    render: Render
    clock: Clock
    pace: SendThrottle

    def send(self, job: SendJob, may_send: Callable[[], bool]) -> list[Outcome]:
        """Send `parcel` if `has_turn` and say how each of its letters fared; raises nothing."""
        try:
            late = [letter for letter in job.letters if not job.batch and may_be_duplicate(letter, self.clock())]
            if late:
                return [Outcome(letter, Result.FAILED, TOO_LATE) for letter in late]
            if not may_send():
                return _not_attempted(job)
            outcomes = self._deliver(job)
        except BatchRefused as error:
            now = self.clock()
            outcomes = [Outcome(each, Result.RETRY, str(error), now, leaves_batch=True) for each in job.letters]
        except PermanentFailure as error:
            outcomes = [Outcome(letter, Result.FAILED, str(error)) for letter in job.letters]
        except ProviderUnavailable as error:
            self.pace.record_failure(error.after)
            return self._retry_outcomes(job, str(error), error.after)
        except TransientFailure as error:
            outcomes = self._retry_outcomes(job, str(error))
        except DatabaseError:
            return _not_attempted(job)
        except Exception as error:  # a bug in one letter must not hold up the others, and may be mended within the day
            return self._retry_outcomes(job, f"cannot be made: {_redacted(error)}")
        self.pace.record_success()
        return outcomes

    def _deliver(self, job: SendJob) -> list[Outcome]:
        if not job.batch:
            (letter,) = job.letters
            return [Outcome(letter, Result.SENT, provider_id=self.mailer.send(self.render(letter)))]
        messages = job.messages or [self.render(letter) for letter in job.batch_emails]
        ids = cast("BatchMailer", self.mailer).send_batch(messages, job.batch.key)
        taken = zip(job.batch_emails, ids, strict=True)
        return [
            Outcome(each, Result.SENT, provider_id=own) for each, own in taken if each.state is not EmailStatus.SENT
        ]

    def _retry_outcomes(self, job: SendJob, reason: str, asked: float | None = None) -> list[Outcome]:
        """Return that each letter is to be tried again, those of a batch together, or is dead after its day."""
        now = self.clock()
        tries = {letter.id: next_attempt_at(letter, now, asked) for letter in job.letters}
        until = min((each for each in tries.values() if each), default=None)
        apart = not job.batch
        return [
            Outcome(letter, Result.RETRY, reason, until, leaves_batch=apart)
            if tries[letter.id]
            else Outcome(letter, Result.FAILED, reason, leaves_batch=apart)
            for letter in job.letters
        ]


def _not_attempted(job: SendJob) -> list[Outcome]:
    """Return that nothing was tried now; a batch that was not tried before either is one no more."""
    apart = not job.batch or job.is_new
    return [Outcome(letter, Result.NOT_ATTEMPTED, leaves_batch=apart) for letter in job.letters]


def _redacted(error: Exception) -> str:
    """Return kind and place of `error`; its message might quote a person."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {place.name}:{place.lineno}"
