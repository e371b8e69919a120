"""Changes of the signed-in person's own account: name, password, sessions, deletion."""

from __future__ import annotations

from flask import Response, url_for

from accounts import limited
from accounts.deletion import DeleteAccount
from accounts.errors import SessionNotFound
from accounts.page_cookie import PageCookie
from accounts.password_change import ChangePassword, PasswordChange
from accounts.service import Accounts
from core.errors import DomainError
from core.web import context
from pages import error_pages
from pages.account import view
from pages.account.profile_forms import DELETION, NAME, PASSWORD, ProfileForm
from pages.rendering import see_other
from pages.signed_in import identity, signed_in, visit
from pages.site import PageBlueprint

blueprint = PageBlueprint("account_profile", __name__)


@blueprint.post("/account/name")
@signed_in
def change_name() -> Response:
    """Change the person's name."""
    try:
        context.get_service(Accounts).rename(identity(), NAME.load()["name"])
    except DomainError as error:
        return _refused(NAME, error)
    return _done("name")


@blueprint.post("/account/password")
@signed_in
def change_password() -> Response:
    """Change the password; all other sessions end."""
    try:
        given = PASSWORD.load()
        change = PasswordChange(given["current"], given["password"])
        limited.with_password_attempt(
            visit().account,
            lambda account: context.get_service(ChangePassword).execute(account, visit().session_id, change),
        )
    except DomainError as error:
        return _refused(PASSWORD, error)
    return _done("password")


@blueprint.post("/account/sessions/<session_id>/end")
@signed_in
def end_session(session_id: str) -> Response:
    """End one session of the person; that of this browser leads to the sign-in."""
    try:
        context.get_service(Accounts).end_session(identity(), session_id)
    except SessionNotFound:
        return _done("session")  # it has ended already
    if session_id == visit().session_id:
        return view.signed_out()
    return _done("session")


@blueprint.post("/account/sessions/end-others")
@signed_in
def end_other_sessions() -> Response:
    """End all sessions but that of this browser."""
    context.get_service(Accounts).end_other_sessions(identity())
    return _done("sessions")


@blueprint.post("/account/delete")
@signed_in
def delete() -> Response:
    """Delete the account, with its password."""
    try:
        password = DELETION.load()["password"]
        limited.with_password_attempt(
            visit().account, lambda account: context.get_service(DeleteAccount).execute(account, password)
        )
    except DomainError as error:
        return _refused(DELETION, error)
    response = see_other(url_for("pages.account_profile.deleted"))
    context.get_service(PageCookie).delete(response)
    return response


@blueprint.get("/account/deleted")
def deleted() -> Response:
    """Confirm that an account was deleted."""
    return view.notice("deleted")


@blueprint.get("/account/name")
@blueprint.get("/account/password")
@blueprint.get("/account/delete")
@blueprint.get("/account/sessions/end-others")
@blueprint.get("/account/sessions/<session_id>/end")
def back_to_account(session_id: str = "") -> Response:  # noqa: ARG001 # part of the button's address
    """Redirect from the address of a button to the account."""
    return see_other(url_for("pages.account.show"))


def _done(name: str) -> Response:
    return see_other(url_for("pages.account.show", done=name))


def _refused(form: ProfileForm, error: DomainError) -> Response:
    """Return the account with the messages of `error` beside the fields."""
    page = view.account_page(visit(), view.AccountState(problems=form.problems(error)))
    return error_pages.with_refusal(page, error)
