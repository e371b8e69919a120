"""Retry of a failed e-mail that is still current."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from booking.unit_of_work import Action, UnitOfWork
from core.mongo.transactions import Session
from notifications.errors import EmailOutdated
from notifications.outbox.model import OutboxEmail

# Returns whether a subject, given by its id, still has the version.
Check = Callable[[Session, str, str], bool]


@dataclass(frozen=True)
class RetryEmail:
    """Retries failed e-mails; `checks` tell by kind of subject whether an e-mail is still current."""

    unit_of_work: UnitOfWork
    checks: Mapping[str, Check]

    def execute(self, email_id: str, actor: str) -> OutboxEmail:
        """Schedule a failed e-mail again. Raises EmailNotFound, EmailNotFailed or EmailOutdated.

        A second call within a minute, or while that e-mail is pending, changes nothing.
        """
        email = self.unit_of_work.run(lambda session: self._retry(session, email_id, actor))
        self.unit_of_work.outbox.wake_worker()
        return email

    def _retry(self, session: Session, email_id: str, actor: str) -> OutboxEmail:
        outbox = self.unit_of_work.outbox
        retried = outbox.recently_retried(session, email_id)
        if retried:
            return retried
        email = outbox.retry(session, email_id)
        self._require_current(session, email)
        action = Action(actor, "letter.retried", email_id)
        self.unit_of_work.record(session, action, {"state": "dead"}, {"state": email.state.value})
        return email

    def _require_current(self, session: Session, email: OutboxEmail) -> None:
        """Raise EmailOutdated if `email` is no longer current; its check locks its subject in the transaction."""
        if not email.subject_kind:
            return
        is_current = self.checks[email.subject_kind]
        if not is_current(session, email.subject, email.version):
            raise EmailOutdated
