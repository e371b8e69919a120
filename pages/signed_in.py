"""Guard of pages for signed-in people: it redirects to the sign-in, which leads back to the page."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Response, request, url_for
from werkzeug.urls import iri_to_uri

from accounts.model import Identity
from accounts.page_sessions import PageVisit
from core.errors import Unauthenticated
from pages.locale import safe_redirect_path
from pages.page_visit import current_visit
from pages.rendering import see_other

View = Callable[..., Any]


def signed_in(view: View) -> View:
    """Let `view` run for signed-in people only. A GET of a button's address leads to the button's page."""

    @wraps(view)
    def guarded(*args: Any, **values: Any) -> Any:
        if current_visit() is None:
            return to_sign_in()
        return view(*args, **values)

    return guarded


def to_sign_in(path: str = "") -> Response:
    """Redirect to the sign-in, which leads to `path`, by default back to this address."""
    own = path or safe_redirect_path(iri_to_uri(request.full_path).rstrip("?"))
    return see_other(url_for("pages.account.sign_in", next=own))


def visit() -> PageVisit:
    """Return the visit of the signed-in person."""
    found = current_visit()
    if found is None:
        raise Unauthenticated
    return found


def identity() -> Identity:
    """Return who is signed in, in which session."""
    found = visit()
    return Identity(found.account.id, found.session_id, found.account.role)
