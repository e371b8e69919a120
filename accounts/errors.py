"""Refusals of accounts."""

from __future__ import annotations

from core.errors import Conflict, Forbidden, Invalid, NotFound, OutcomeUnknown, Unauthenticated, Unavailable


class EmailTaken(Conflict):
    """There is an account with this e-mail address."""

    code = "email_taken"


class InvalidCredentials(Unauthenticated):
    """E-mail address or password is wrong."""

    code = "invalid_credentials"


class NotSignedIn(Unauthenticated):
    """Please sign in."""

    code = "not_signed_in"


class SessionEnded(Unauthenticated):
    """This session has ended. Please sign in again."""

    code = "session_ended"


class RefreshInterrupted(OutcomeUnknown):
    """We could not confirm whether your session was extended. Please try again."""

    def __init__(self, token: str, retry_after: int) -> None:
        """Set the refresh `token` with which the request is to be repeated in `retry_after` seconds."""
        super().__init__(retry_after=retry_after)
        self.token = token


class OriginRefused(Forbidden):
    """This page may not use the session of another site."""

    code = "origin_refused"


class RoleMissing(Forbidden):
    """Your account may not do this."""


class TokenInvalid(Invalid):
    """This link is used or too old. Please ask for a new one."""

    code = "token_invalid"


class PasswordTooCommon(Invalid):
    """This password is one of the most common ones. Please choose another."""

    code = "password_too_common"


class AccountNotFound(NotFound):
    """Account not found."""

    code = "account_not_found"


class SessionNotFound(NotFound):
    """Session not found."""

    code = "session_not_found"


class HashingBusy(Unavailable):
    """Too many people sign in at this moment. Please try again."""
