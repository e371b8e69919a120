"""Public API of accounts: registration, sign-in, sessions, e-mail verification and password reset."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify

from accounts import limited
from accounts.cookies import RefreshCookie
from accounts.deletion import DeleteAccount
from accounts.email_verification import VerifyEmail
from accounts.errors import RefreshInterrupted
from accounts.guards import active_session, current_identity, require_identity
from accounts.limits import SignInLimits
from accounts.model import Account, AccountSession, Credentials, NewAccount, SignedIn
from accounts.password_change import ChangePassword, PasswordChange
from accounts.refresh import RefreshSession
from accounts.schemas import (
    CredentialsSchema,
    EmailSchema,
    PasswordSchema,
    ProfileSchema,
    RegistrationSchema,
    ResetSchema,
    SessionsSchema,
    SignedInSchema,
    TokenSchema,
    UserResponseSchema,
    UserSchema,
)
from accounts.service import Accounts
from core.clock import iso
from core.web import accept_language, context, problem_details
from core.web.answer import Answer
from core.web.endpoint import Blueprint, Endpoint

blueprint = Blueprint("accounts", __name__, url_prefix="/api/auth", description="Accounts of people")
USER = UserSchema()


@blueprint.post("/register")
@Endpoint(SignedInSchema, status=201, body=RegistrationSchema, error_statuses=(409, 413, 415))
def register(new: NewAccount) -> Response:
    """Create an account and sign in; the address gets an e-mail with a link that verifies it."""
    return _signed_in(limited.register(new, accept_language.negotiated_language()), 201)


@blueprint.post("/login")
@Endpoint(SignedInSchema, body=CredentialsSchema, error_statuses=(401, 413, 415))
def login(credentials: Credentials) -> Response:
    """Sign in with e-mail address and password."""
    return _signed_in(limited.sign_in(credentials), 200)


@blueprint.post("/refresh")
@Endpoint(SignedInSchema, error_statuses=(401, 403), security="refreshCookie")
def refresh() -> Response:
    """Exchange the refresh cookie for the next one and a new access token; a used one ends its session."""
    cookie = context.get_service(RefreshCookie)
    try:
        return _signed_in(context.get_service(RefreshSession).execute(cookie.read()), 200)
    except RefreshInterrupted as error:
        # The rotation may have been stored: the repeated request presents both secrets.
        response = problem_details.on_error(error)
        cookie.set_interrupted(response, error.token)
        return response


@blueprint.post("/logout")
@Endpoint(None, status=204, error_statuses=(403,))
def logout() -> Response:
    """End the session of the refresh cookie; without one the answer is the same."""
    cookie = context.get_service(RefreshCookie)
    context.get_service(Accounts).sign_out(cookie.read())
    response = _no_content()
    cookie.delete(response)
    return response


@blueprint.get("/me")
@Endpoint(UserResponseSchema, error_statuses=(401,), security="accessToken", fast=True)
def get_me() -> Answer:
    """Show the signed-in account."""
    account = context.get_service(Accounts).get(require_identity())
    return Answer(200, {"user": USER.dump(account)})


@blueprint.patch("/me")
@active_session
@Endpoint(UserResponseSchema, body=ProfileSchema, error_statuses=(401, 413, 415), security="accessToken")
def change_me(changes: dict[str, str]) -> Response:
    """Change the name, or the password; another password ends all other sessions."""
    return _user(_change_profile(changes))


@blueprint.delete("/me")
@active_session
@Endpoint(None, status=204, body=PasswordSchema, error_statuses=(401, 413, 415), security="accessToken")
def delete_me(given: dict[str, str]) -> Response:
    """Delete the account with its sessions."""
    account = _account_with_password_attempt()
    context.get_service(DeleteAccount).execute(account, given["password"])
    response = _no_content()
    context.get_service(RefreshCookie).delete(response)
    return response


@blueprint.get("/sessions")
@active_session
@Endpoint(SessionsSchema, error_statuses=(401,), security="accessToken")
def list_sessions() -> Response:
    """List the devices that are signed in, newest first."""
    identity = current_identity()
    found = context.get_service(Accounts).active_sessions(identity)
    return jsonify(data=[_session(session, identity.session_id) for session in found])


@blueprint.delete("/sessions/<session_id>")
@active_session
@Endpoint(None, status=204, error_statuses=(401, 404), security="accessToken")
def end_session(session_id: str) -> Response:
    """End one session of the account."""
    context.get_service(Accounts).end_session(current_identity(), session_id)
    return _no_content()


@blueprint.delete("/sessions")
@active_session
@Endpoint(None, status=204, error_statuses=(401,), security="accessToken")
def end_other_sessions() -> Response:
    """End all sessions of the account but this one."""
    context.get_service(Accounts).end_other_sessions(current_identity())
    return _no_content()


@blueprint.post("/verify-email")
@Endpoint(UserResponseSchema, body=TokenSchema, error_statuses=(413, 415))
def verify_email(given: dict[str, str]) -> Response:
    """Verify an e-mail address by the token of its link, once and within 24 hours."""
    return _user(context.get_service(VerifyEmail).execute(given["token"]))


@blueprint.post("/verify-email/resend")
@active_session
@Endpoint(None, status=202, error_statuses=(401,), security="accessToken")
def resend_verification() -> Response:
    """Send the link again; the earlier one becomes invalid."""
    limited.resend_verification(current_identity().account_id)
    return Response(status=202)


@blueprint.post("/forgot-password")
@Endpoint(None, status=202, body=EmailSchema, error_statuses=(413, 415))
def forgot_password(given: dict[str, str]) -> Response:
    """Send a link that sets a new password; the answer is the same for unknown addresses."""
    limited.request_password_reset(given["email"])
    return Response(status=202)


@blueprint.post("/reset-password")
@Endpoint(None, status=204, body=ResetSchema, error_statuses=(413, 415))
def reset_password(given: dict[str, str]) -> Response:
    """Set a new password by the token of a link, once and within 30 minutes; all sessions end."""
    limited.reset_password(given["token"], given["password"])
    return _no_content()


def _change_profile(changes: dict[str, str]) -> Account:
    identity = current_identity()
    if "password" in changes:
        change = PasswordChange(changes["current"], changes["password"])
        account = _account_with_password_attempt()
        account = context.get_service(ChangePassword).execute(account, identity.session_id, change)
        context.get_service(SignInLimits).clear_password_attempts(account.email)
    if "name" in changes:
        account = context.get_service(Accounts).rename(identity, changes["name"])
    return account


def _account_with_password_attempt() -> Account:
    """Return the signed-in account after counting an attempt against it, before its password is checked."""
    account = context.get_service(Accounts).get(current_identity())
    context.get_service(SignInLimits).reserve_password_attempt(account.email)
    return account


def _signed_in(result: SignedIn, status: int) -> Response:
    response = jsonify(user=USER.dump(result.account), accessToken=result.access_token)
    response.status_code = status
    context.get_service(RefreshCookie).set(response, result.refresh_token)
    return response


def _user(account: Account) -> Response:
    return jsonify(user=USER.dump(account))


def _session(session: AccountSession, current_id: str) -> dict[str, Any]:
    return {
        "id": session.id,
        "createdAt": iso(session.created_at),
        "lastUsedAt": iso(session.last_used_at),
        "userAgent": session.user_agent,
        "current": session.id == current_id,
    }


def _no_content() -> Response:
    return Response(status=204)
