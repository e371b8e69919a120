"""Domain errors by kind; `core/web/problem_details.py` maps each kind to its HTTP status.

The docstring of an error is its message for people, `code` its name for programs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar


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
        super().__init__(detail or self.message)
        self.detail = detail or self.message
        self.errors = dict(errors or {})
        self.extra = dict(extra or {})
        self.retry_after = retry_after

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


class Forbidden(DomainError):
    """This is not allowed."""

    code = "forbidden"


class NotFound(DomainError):
    """Not found."""

    code = "not_found"


class Conflict(DomainError):
    """The request conflicts with the present state."""

    code = "conflict"


class Unprocessable(DomainError):
    """The request cannot be processed."""

    code = "unprocessable"


class TooMany(DomainError):
    """Too many requests. Please wait and try again."""

    code = "too_many_requests"


class IdempotencyKeyReused(Unprocessable):
    """This Idempotency-Key was used for another request."""

    code = "idempotency_key_reused"


class Unavailable(DomainError):
    """The service is briefly unavailable. Please try again."""

    code = "unavailable"


class OutcomeUnknown(Unavailable):
    """We could not confirm whether this was saved. Please repeat it, with its Idempotency-Key if it had one."""

    code = "outcome_unknown"
