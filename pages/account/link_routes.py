"""Pages of the links in account e-mails. A link's token is in its fragment, and no GET changes anything.

Mail scanners follow links and run their scripts, so the script only fills in the token: a person presses the button.
"""

from __future__ import annotations

from flask import Response, abort

from accounts import limited
from accounts.email_verification import VerifyEmail
from core.errors import DomainError
from core.web import context
from pages.account import forms, view
from pages.account.link_token import TOKEN, parse_token
from pages.site import PageBlueprint

blueprint = PageBlueprint("account_links", __name__)


@blueprint.errorhandler(DomainError)
def on_domain_error(error: DomainError) -> Response:
    """Show the form again with the error."""
    return view.refused_form(error)


@blueprint.get("/account/verify-email")
def verify_email() -> Response:
    """Show the button that verifies the address."""
    return view.form_page("verify_email")


@blueprint.post("/account/verify-email")
def submit_verify_email() -> Response:
    """Verify the address of the link's account."""
    context.get_service(VerifyEmail).execute(forms.VERIFY_EMAIL.load()["token"])
    return view.notice("verified")


@blueprint.get("/account/forgot-password")
def forgot_password() -> Response:
    """Show the form that asks for a link to set a new password."""
    return view.form_page("forgot_password")


@blueprint.post("/account/forgot-password")
def submit_forgot_password() -> Response:
    """Send the link, and answer alike for unknown addresses."""
    limited.request_password_reset(forms.FORGOT_PASSWORD.load()["email"])
    return view.notice("reset_requested")


@blueprint.get("/account/reset-password")
def reset_password() -> Response:
    """Show the form of a new password."""
    return view.form_page("reset_password")


@blueprint.post("/account/reset-password")
def submit_reset_password() -> Response:
    """Set the new password; all sessions of the account end."""
    given = forms.RESET_PASSWORD.load()
    limited.reset_password(given["token"], given["password"])
    return view.notice("password_reset")


@blueprint.get("/account/<path:rest>")
def changed_link(rest: str) -> Response:
    """Show the form of a link whose fragment a mail program has moved into the path, with the token filled in."""
    token = parse_token(rest)
    name = rest[: len("reset-password")].partition("#")[0].partition("%")[0].partition("/")[0].replace("-", "_")
    if not TOKEN.fullmatch(token) or name not in ("verify_email", "reset_password"):
        abort(404)
    return forms.FORMS[name].render(values={"token": token})
