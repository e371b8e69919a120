"""Page visit: the signed-in person of a page's request, found by the page cookie at most once a request."""

from __future__ import annotations

from flask import Response, g

from accounts.model import Account
from accounts.page_cookie import PageCookie
from accounts.page_sessions import PageSessions, PageVisit
from core.mongo.failures import DatabaseError
from core.web import context
from pages.embedding import is_embedded
from pages.site import blueprint


def current_visit() -> PageVisit | None:
    """Return the visit of the signed-in person, or None. Embedded pages show no sign-in to the site around."""
    if is_embedded():
        return None
    if "page_visit" not in g:
        token = context.get_service(PageCookie).read()
        g.page_visit = context.get_service(PageSessions).find(token)
    visit: PageVisit | None = g.page_visit
    return visit


def current_visitor() -> Account | None:
    """Return the signed-in account for the navigation of a page; None as well while the database is away."""
    try:
        visit = current_visit()
    except DatabaseError:
        g.page_visit = None
        return None
    if visit is None:
        return None
    return visit.account


def skip_visitor() -> None:
    """Leave the navigation of an error page without an account, if the database has just failed."""
    g.setdefault("page_visit", None)


@blueprint.after_request
def renew_cookie(response: Response) -> Response:
    """Set the cookie again if the visit has rotated its token and the view has not set it."""
    visit: PageVisit | None = g.get("page_visit")
    cookie = context.get_service(PageCookie)
    is_set = any(header.startswith(f"{cookie.name}=") for header in response.headers.getlist("Set-Cookie"))
    if visit and visit.new_token and not is_set:
        cookie.set(response, visit.new_token)
    return response
