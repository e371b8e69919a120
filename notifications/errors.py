"""What can go wrong with letters."""

from __future__ import annotations

from core.errors import Conflict, Invalid, NotFound


class EmailNotFound(NotFound):
    """Letter not found."""

    code = "letter_not_found"


class EmailNotFailed(Conflict):
    """Only a letter that was given up can be tried again."""

    code = "letter_not_failed"


class WebhookRefused(Invalid):
    """This is no event of the mail provider."""

    code = "webhook_refused"


class EmailOutdated(Conflict):
    """This letter is no longer true. If it is about a booking, please send that booking's letter again."""

    code = "letter_outdated"


class PermanentFailure(Exception):
    """The mailer refuses this letter for good."""


class BatchRefused(Exception):
    """The mailer refuses these letters together, and has taken none; alone, most of them may well go through."""


class TransientFailure(Exception):
    """The mailer could not send this letter now; others may well go through."""


class ProviderUnavailable(Exception):
    """The mailer can send no letter now: it is out of reach, in trouble, at its limit, or refuses the account."""

    def __init__(self, reason: str, after: float | None = None) -> None:
        """Keep the reason, without anything personal, and the seconds the provider asked to wait."""
        super().__init__(reason)
        self.after = after
