"""Sign-in, sign-up, sign-out and the person's own account: forms that work without scripts."""

from __future__ import annotations

from flask import Response, url_for

from accounts import limited
from accounts.page_cookie import PageCookie
from accounts.page_sessions import PageSessions
from core.errors import DomainError
from core.web import context
from pages.account import forms, view
from pages.errors import CookieBlocked
from pages.locale import current_language
from pages.page_visit import current_visit
from pages.rendering import CREATED, see_other
from pages.site import PageBlueprint

blueprint = PageBlueprint("account", __name__, static_url="/static/account")


@blueprint.errorhandler(DomainError)
def on_domain_error(error: DomainError) -> Response:
    """Show the form again with the error."""
    return view.refused_form(error)


@blueprint.get("/sign-in")
def sign_in() -> Response:
    """Show the form, with the providers."""
    return view.form_page("sign_in")


@blueprint.post("/sign-in")
def submit_sign_in() -> Response:
    """Sign in and redirect to the page that asked for it."""
    return view.signed_in(limited.sign_in(forms.SIGN_IN.load()))


@blueprint.get("/sign-in/done")
def signed_in() -> Response:
    """Redirect to the page that asked for the sign-in, or explain that it needs the cookie that was just set."""
    if current_visit() is None:
        return view.form_page("sign_in", CookieBlocked())
    return see_other(view.path_after_sign_in())


@blueprint.get("/sign-up")
def sign_up() -> Response:
    """Show the form of a new account."""
    return view.form_page("sign_up")


@blueprint.post("/sign-up")
def submit_sign_up() -> Response:
    """Create an account and sign in."""
    return view.signed_in(limited.register(forms.SIGN_UP.load(), current_language().code), **{CREATED: "1"})


@blueprint.get("/sign-out")
def back_to_account() -> Response:
    """Redirect from the address of the button."""
    return see_other(url_for("pages.account.show"))


@blueprint.post("/sign-out")
def sign_out() -> Response:
    """End the session of this browser."""
    context.get_service(PageSessions).end(context.get_service(PageCookie).read())
    return view.signed_out()


@blueprint.get("/account")
def show() -> Response:
    """Show the account; without a session, redirect to the sign-in."""
    visit = current_visit()
    if visit is None:
        return see_other(url_for("pages.account.sign_in"))
    return view.account_page(visit, view.AccountState.of_request())


@blueprint.post("/account/sign-out-everywhere")
def sign_out_everywhere() -> Response:
    """End all sessions of the account, this one included."""
    visit = current_visit()
    if visit:
        context.get_service(PageSessions).end_all(visit.account.id)
    return view.signed_out()


@blueprint.post("/account/verify-email/resend")
def resend_verification() -> Response:
    """Send the link that verifies the address again."""
    visit = current_visit()
    if visit is None:
        return see_other(url_for("pages.account.sign_in"))
    limited.resend_verification(visit.account.id)
    return see_other(url_for("pages.account.show", done="verification"))


@blueprint.get("/account/sign-out-everywhere")
@blueprint.get("/account/verify-email/resend")
def back_from_button() -> Response:
    """Redirect from the address of a button to the account."""
    return see_other(url_for("pages.account.show"))
