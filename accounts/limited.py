"""Limited use cases: each counts its attempt first, alike for the API and for the pages."""

from __future__ import annotations

from collections.abc import Callable

from flask import request

from accounts.email_verification import ResendVerification
from accounts.limits import SignInLimits
from accounts.model import Account, Credentials, NewAccount, SignedIn
from accounts.password_reset import RequestPasswordReset, ResetPassword
from accounts.registration import Device, Register
from accounts.sign_in import SignIn
from core.web import context


def register(new: NewAccount, language: str) -> SignedIn:
    """Create an account from this request; raises RateLimited, EmailTaken or HashingBusy."""
    _limits().hit_registration(context.client_address())
    return context.get_service(Register).execute(new, Device(user_agent(), language))


def sign_in(credentials: Credentials) -> SignedIn:
    """Sign in from this request; raises RateLimited, InvalidCredentials or HashingBusy."""
    _limits().hit_login(context.client_address())
    _limits().reserve_password_attempt(credentials.email)
    result = context.get_service(SignIn).execute(credentials, user_agent())
    _limits().clear_password_attempts(credentials.email)
    return result


def resend_verification(account_id: str) -> None:
    """Send the link that verifies an address again; raises RateLimited."""
    _limits().hit_email(account_id)
    context.get_service(ResendVerification).execute(account_id)


def request_password_reset(email: str) -> None:
    """Send a link that sets a new password, if there is such an account; raises RateLimited."""
    _limits().hit_reset_request(context.client_address())
    if _limits().admits_reset(email):
        context.get_service(RequestPasswordReset).execute(email)


def reset_password(token: str, password: str) -> None:
    """Set a new password; raises TokenInvalid or HashingBusy."""
    account = context.get_service(ResetPassword).execute(token, password)
    _limits().clear_password_attempts(account.email)


def with_password_attempt(account: Account, use: Callable[[Account], object]) -> None:
    """Call `use`, which checks the account's password, after counting an attempt; raises RateLimited and its errors."""
    _limits().reserve_password_attempt(account.email)
    use(account)
    _limits().clear_password_attempts(account.email)


def user_agent() -> str:
    return request.headers.get("User-Agent", "")


def _limits() -> SignInLimits:
    return context.get_service(SignInLimits)
