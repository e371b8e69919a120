"""Errors of e-mails: refusals of the API, and failures of the mailers."""

from __future__ import annotations

from core.errors import Conflict, Invalid, NotFound


class EmailNotFound(NotFound):
    """E-mail not found."""

    code = "letter_not_found"


class EmailNotFailed(Conflict):
    """Only an e-mail that was given up can be tried again."""

    code = "letter_not_failed"


class WebhookRefused(Invalid):
    """This is no event of the mail provider."""

    code = "webhook_refused"


class EmailOutdated(Conflict):
    """This e-mail is no longer true. If it is about a booking, please send that booking's e-mail again."""

    code = "letter_outdated"


class PermanentFailure(Exception):
    """The provider rejects this e-mail for good."""


class BatchRefused(Exception):
    """The provider rejects the batch and has accepted none of its e-mails; most would be accepted individually."""


class TransientFailure(Exception):
    """The provider cannot send this e-mail now; it may accept others."""


class ProviderUnavailable(Exception):
    """The provider sends nothing now: unreachable, failing, at its rate limit, or it refuses the account."""

    def __init__(self, reason: str, after: float | None = None) -> None:
        """Set the reason, without personal data, and the seconds that the provider asked to wait."""
        super().__init__(reason)
        self.after = after
