"""Rendering and answers of the account pages: forms with their errors, the account itself, notices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from flask import Response, request, url_for

from accounts.model import Identity, SignedIn
from accounts.openid.flow import CodeFlow
from accounts.page_cookie import PageCookie, begin_page_session
from accounts.page_sessions import PageVisit
from accounts.service import Accounts
from core.errors import DomainError
from core.web import context
from pages import error_pages
from pages.account.forms import FORMS
from pages.locale import safe_redirect_path
from pages.rendering import CREATED, render_page, see_other

# Paths of a purchase, for which the sign-in keeps the chosen tickets.
PURCHASE_PATHS = frozenset({"/cart", "/checkout"})
# What the account's page confirms.
CONFIRMED = frozenset({"name", "password", "session", "sessions", "verification"})


@dataclass(frozen=True)
class AccountState:
    """What the page confirms, or what is wrong with a form by field."""

    done: str = ""
    problems: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of_request(cls) -> AccountState:
        """Return the state that the address names."""
        done = request.args.get("done", "")
        if done in CONFIRMED:
            return cls(done)
        return cls()


def next_path() -> str:
    """Return the path to go to after the sign-in: the request's own, by default the account."""
    given = request.values.get("next", "")
    if safe_redirect_path(given) != given:
        return url_for("pages.account.show")
    return given


def path_after_sign_in() -> str:
    """Return the path to go to, which mentions a new account."""
    if CREATED not in request.args:
        return next_path()
    parts = urlsplit(next_path())
    query = "&".join(filter(None, (parts.query, f"{CREATED}=1")))
    return urlunsplit(parts._replace(query=query))


def form_page(name: str, error: DomainError | None = None) -> Response:
    """Return the page of the form `name`."""
    path = next_path()
    return FORMS[name].render(
        error,
        next_path=path,
        is_purchase=urlsplit(path).path in PURCHASE_PATHS,
        providers=context.get_service(CodeFlow).names(),
    )


def refused_form(error: DomainError) -> Response:
    """Return the submitted form again with the messages of `error`; an error page if the request had no form."""
    name = (request.endpoint or "").rpartition(".")[2].removeprefix("submit_")
    if request.method != "POST" or name not in FORMS:
        return error_pages.on_domain_error(error)
    return error_pages.with_refusal(form_page(name, error), error)


def signed_in(result: SignedIn, **marks: Any) -> Response:
    """Redirect a person who has just signed in, with the page cookie; `marks` are added to the query."""
    response = see_other(url_for("pages.account.signed_in", next=next_path(), **marks))
    begin_page_session(response, result)
    return response


def signed_out() -> Response:
    """Redirect to the sign-in, without the page cookie."""
    response = see_other(url_for("pages.account.sign_in"))
    context.get_service(PageCookie).delete(response)
    return response


def account_page(visit: PageVisit, state: AccountState) -> Response:
    """Return the person's own account."""
    identity = Identity(visit.account.id, visit.session_id, visit.account.role)
    return render_page(
        "account/account.html",
        account=visit.account,
        sessions=context.get_service(Accounts).active_sessions(identity),
        session_id=visit.session_id,
        done=state.done,
        problems=state.problems,
        values={"name": request.form.get("name", visit.account.name)},
        current_path=url_for("pages.account.show"),
    )


def notice(name: str) -> Response:
    """Return the page that confirms what a form has done."""
    return render_page("account/notice.html", notice=name, current_path=url_for("pages.account.show"))
