"""Refusals of a sign-in with a provider."""

from __future__ import annotations

from accounts.errors import EmailTaken
from core.errors import DomainError, Forbidden, Invalid, NotFound, Unavailable


class ProviderNotFound(NotFound):
    """This service has no such provider."""

    code = "provider_not_found"


class ProviderUnavailable(Unavailable):
    """The provider does not answer. Please try again later, or sign in with a password."""

    code = "provider_unavailable"


class ProviderSignInFailed(Invalid):
    """The sign-in was not completed. Please begin again."""

    code = "provider_sign_in_failed"


class ProviderEmailUnverified(Forbidden):
    """The provider has not verified your e-mail address."""

    code = "provider_email_unverified"


class AccountDisabled(Forbidden):
    """This account is disabled."""

    code = "account_disabled"


class UnverifiedAccountHasEmail(EmailTaken):
    """There is an account with this e-mail address. Please sign in with its password, or reset the password."""


class IdentityLinked(EmailTaken):
    """This identity belongs to an account already."""


PROVIDER_REFUSALS: tuple[type[DomainError], ...] = (
    ProviderNotFound,
    ProviderUnavailable,
    ProviderSignInFailed,
    ProviderEmailUnverified,
    AccountDisabled,
    UnverifiedAccountHasEmail,
)
