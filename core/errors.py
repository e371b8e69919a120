"""Domain errors by kind; `core/web/problem_details.py` maps each kind to its HTTP status.

The docstring of an error is its message for people, `code` its name for programs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

MINUTE = 60
HOUR = 3600


class DomainError(Exception):
    """The request was refused."""

    code: ClassVar[str] = "refused"

    def __init__(
        self,
        detail: str = "",
        *,
        errors: Mapping[str, Any] | None = None,
        extra: Mapping[str, Any] | None = None,
        retry_after: int | None = None,
    ) -> None:
        """Set `detail` for people, `errors` by field, `extra` members of the payload, and `retry_after` in seconds."""
        super().__init__(detail)
        self.retry_after = retry_after
        self.errors = dict(errors or {})
        self.extra = dict(extra or {})
        self.detail = detail or self.message

    @property
    def message(self) -> str:
        """The message for people: the first line of the docstring."""
        return (type(self).__doc__ or "").strip().splitlines()[0]


class Invalid(DomainError):
    """The request is not valid."""

    code = "validation_failed"


class Unauthenticated(DomainError):
    """Authentication is required."""

    code = "unauthorized"


class PaymentRequired(DomainError):
    """A payment is required."""

    code = "payment_required"


class Forbidden(DomainError):
    """This is not allowed."""

    code = "forbidden"


class NotFound(DomainError):
    """Not found."""

    code = "not_found"


class Conflict(DomainError):
    """The request conflicts with the present state."""

    code = "conflict"


class PreconditionFailed(DomainError):
    """A condition of the request is not met."""

    code = "precondition_failed"


class Unprocessable(DomainError):
    """The request cannot be processed."""

    code = "unprocessable"


class TooMany(DomainError):
    """Too many requests. Please wait and try again."""

    code = "too_many_requests"

    @property
    def message(self) -> str:
        """The message for people, with the time to wait if it is known."""
        if not self.retry_after:
            return super().message
        sentence = super().message.partition(". ")[0]
        return f"{sentence}. Please try again in {_duration(self.retry_after)}."


class IdempotencyKeyReused(Unprocessable):
    """This Idempotency-Key was used for another request."""

    code = "idempotency_key_reused"


class Unavailable(DomainError):
    """The service is briefly unavailable. Please try again."""

    code = "unavailable"


class OutcomeUnknown(Unavailable):
    """We could not confirm whether this was saved. Please repeat it, with its Idempotency-Key if it had one."""

    code = "outcome_unknown"


def _duration(seconds: int) -> str:
    """Return a time to wait in words, rounded up."""
    if seconds == 1:
        return "1 second"
    if seconds < 2 * MINUTE:
        return f"{seconds} seconds"
    if seconds < 2 * HOUR:
        return f"{-(-seconds // MINUTE)} minutes"
    return f"{-(-seconds // HOUR)} hours"
