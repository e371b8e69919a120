"""What all pages share: how one is rendered, where a link's token is kept, who may post, and how a refusal looks."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, redirect, render_template, request
from flask_babel import force_locale, gettext
from werkzeug.exceptions import HTTPException

from core.config.settings import Settings
from core.errors import DomainError, Unavailable
from core.i18n import LANGUAGES
from core.mongo.failures import DatabaseError
from core.web import context, problem_details
from pages import locale
from pages.error_messages import ERROR_MESSAGES, message_for
from pages.errors import CrossSitePost
from pages.formatting import FILTERS
from schedules.service import Schedules

COOKIE = "token"
# Browsers cache styles and scripts; a new version arrives within minutes.
STATIC_SECONDS = 300


class Site(Blueprint):
    """The blueprint of all pages."""

    def get_send_file_max_age(self, filename: str | None) -> int:  # noqa: ARG002 # Flask asks for each file
        """Return for how long browsers keep a static file."""
        return STATIC_SECONDS


blueprint = Site("pages", __name__, template_folder="templates", static_folder="static", static_url_path="/static")


def render_page(name: str, in_language: str = "", **values: object) -> Response:
    """Return the page `name`: in the language that was chosen, else `in_language`, else what the browser prefers."""
    if in_language and not locale.chosen():
        with force_locale(in_language):
            return _page(name, values)
    return _page(name, values)


def _page(name: str, values: dict[str, object]) -> Response:
    speaking = locale.current_language()
    schedule = context.get_service(Schedules).schedule
    values = {
        "schedule": schedule,
        "event": schedule.localized(speaking.code).name,
        "language": speaking,
        "languages": list(LANGUAGES.values()),
        "here": locale.current_path(),
        **values,
    }
    return with_language_headers(speaking.code, Response(render_template(name, **values), mimetype="text/html"))


def with_language_headers(code: str, response: Response) -> Response:
    """Return `response`, which says that it is in the language `code`, and what that was chosen by."""
    response.content_language.add(code)
    response.vary.update(("Accept-Language", "Cookie"))
    return response


def has_live_updates() -> bool:
    """Return whether the service has events: pages ask for them only where it tells them."""
    return current_app.url_map.bind("").test("/api/live", "GET")


def token() -> str:
    """Return the token this page's holder has handed over, or nothing."""
    return request.cookies.get(COOKIE, "")


def redirect_with_token(token: str, path: str, then: str = "") -> Response:
    """Send the browser on with a cookie that goes to `path` alone, from these pages alone, and to no script."""
    response: Response = redirect(then or path, 303)  # type: ignore[assignment]  # a werkzeug response is all Flask needs
    secure = bool(current_app.config["SESSION_COOKIE_SECURE"])
    response.set_cookie(COOKIE, token, path=path, httponly=True, samesite="Strict", secure=secure)
    return response


@blueprint.before_request
def reject_cross_site_posts() -> None:
    """Refuse a form that another site's page has sent; raises ForeignForm."""
    if request.method == "POST" and not _is_ours():
        raise CrossSitePost(gettext("This form was sent from another site. Please use the page itself."))


@blueprint.errorhandler(DomainError)
def refused(error: DomainError) -> Response:
    """Say what was refused as a page."""
    return as_page(problem_details.on_domain_error(error), message_for(error))


@blueprint.errorhandler(DatabaseError)
def without_database(error: DatabaseError) -> Response:
    """Say as a page that the database did not answer."""
    answer = problem_details.on_database_error(error)
    away = answer.status_code == problem_details.STATUS_OF[Unavailable]
    return as_page(answer, str(ERROR_MESSAGES[Unavailable.code]) if away else "")


@blueprint.errorhandler(Exception)
def broken(error: Exception) -> Response:
    """Say as a page that something is wrong on our side, and no more."""
    return as_page(problem_details.on_unexpected_error(error), "")


@blueprint.errorhandler(HTTPException)
@blueprint.app_errorhandler(HTTPException)
def not_a_page(error: HTTPException) -> Response:
    """Show browsers a page where there is none, or where the form was too large; everybody else gets the payload."""
    answer = problem_details.on_http_error(error)
    reads_pages = "text/html" in request.headers.get("Accept", "") and not request.path.startswith("/api/")
    return as_page(answer, "") if reads_pages and answer.status_code >= 400 else answer


def as_page(answer: Response, sentence: str) -> Response:
    """Return a refusal as a page with the same status and headers; `sentence` is for people."""
    shown = render_page("problem.html", status=answer.status_code, sentence=sentence, request_id=context.request_id())
    shown.status_code = answer.status_code
    copy_headers(answer, shown)
    return shown


def copy_headers(answer: Response, shown: Response) -> None:
    """Tell with a page what its refusal tells programs: when to come back, and which methods there are."""
    for name in ("Allow", "Retry-After", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"):
        if name in answer.headers:
            shown.headers[name] = answer.headers[name]


for _name, _filter in FILTERS.items():
    blueprint.add_app_template_filter(_filter, _name)


def _is_ours() -> bool:
    """Return whether this site's own page sent the form.

    Browsers say so in Sec-Fetch-Site. Older ones send an Origin, which is "null" for a page that sends no Referer, as
    ours do; what is no browser sends neither.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site:
        return site in ("same-origin", "none")  # none: the person, without any page
    ours = {request.host_url.rstrip("/"), context.get_service(Settings).public_url, "null", ""}
    return request.headers.get("Origin", "") in ours
