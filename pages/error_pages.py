"""Error pages: every refusal of a page is shown as HTML, with the status and headers of its problem details."""

from __future__ import annotations

from http import HTTPStatus

from flask import Response, current_app, request
from werkzeug.exceptions import HTTPException
from werkzeug.urls import iri_to_uri

from core.errors import DomainError, Unavailable
from core.mongo.failures import DatabaseError
from core.own_paths import is_own_path
from core.web import context, problem_details
from pages.error_messages import ERROR_MESSAGES, message_for
from pages.page_visit import skip_visitor
from pages.rendering import render_page, see_other
from pages.site import blueprint

COPIED_HEADERS = ("Allow", "Retry-After", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")


@blueprint.errorhandler(DomainError)
def on_domain_error(error: DomainError) -> Response:
    return as_page(problem_details.on_error(error), message_for(error))


@blueprint.errorhandler(DatabaseError)
def on_database_error(error: DatabaseError) -> Response:
    skip_visitor()
    answer = problem_details.on_error(error)
    if answer.status_code == problem_details.STATUS_OF[Unavailable]:
        return as_page(answer, str(ERROR_MESSAGES[Unavailable.code]))
    return as_page(answer, "")


@blueprint.errorhandler(Exception)
def on_unexpected_error(error: Exception) -> Response:
    return as_page(problem_details.on_error(error), "")


@blueprint.errorhandler(HTTPException)
@blueprint.app_errorhandler(HTTPException)
def on_http_error(error: HTTPException) -> Response:
    """Answer an unknown path or a form too large: a page for browsers, problem details for programs."""
    without_slash = _path_without_slash()
    if without_slash and error.code == HTTPStatus.NOT_FOUND:
        return see_other(without_slash)
    answer = problem_details.on_http_error(error)
    accepts_html = "text/html" in request.headers.get("Accept", "")
    if accepts_html and not request.path.startswith("/api/") and answer.status_code >= 400:
        return as_page(answer, "")
    return answer


def _path_without_slash() -> str:
    """Return the page's path without the slash at its end, if there is such a page; else nothing."""
    path = request.path.rstrip("/")
    is_page = request.method in ("GET", "HEAD") and path != request.path and not path.startswith("/api/")
    if not is_page or not is_own_path(path) or not current_app.url_map.bind("").test(path, "GET"):
        return ""
    return iri_to_uri(path)


def as_page(answer: Response, message: str) -> Response:
    """Return the refusal `answer` as a page that says `message`, by default what its status means."""
    page = render_page("problem.html", status=answer.status_code, message=message, request_id=context.request_id())
    return with_status(page, answer)


def with_refusal(page: Response, error: Exception) -> Response:
    """Return `page` with the status and the headers of the refusal `error`."""
    return with_status(page, problem_details.on_error(error))


def with_status(page: Response, answer: Response) -> Response:
    """Return `page` with the status of `answer` and its headers for clients."""
    page.status_code = answer.status_code
    for name in COPIED_HEADERS:
        if name in answer.headers:
            page.headers[name] = answer.headers[name]
    return page
