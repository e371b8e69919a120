"""Template rendering: the language of a page, the values that all templates share, and redirects."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Response, current_app, redirect, render_template, request
from flask_babel import force_locale
from markupsafe import Markup

from core.config.settings import Settings
from core.i18n import LANGUAGES
from core.web import context
from pages import locale, page_visit
from pages.branding.brand import Brand
from pages.embedding import home_path, is_embedded
from schedules.service import Schedules

# Parameter of the page to which a new account is led.
CREATED = "created"
NEW_TAB = {True: Markup(' target="_blank"'), False: ""}


def render_page(name: str, record_language: str = "", **values: object) -> Response:
    """Return the page `name` in the language of the cookie, else in `record_language`, else the negotiated one."""
    with record_locale(record_language):
        return _render(name, values)


@contextmanager
def record_locale(record_language: str) -> Iterator[None]:
    """Make the language of the page of a record the current one, for texts that are made before its template."""
    if record_language and not locale.cookie_language():
        with force_locale(record_language):
            yield
    else:
        yield


def _render(name: str, values: dict[str, object]) -> Response:
    language = locale.current_language()
    schedule = context.get_service(Schedules).schedule
    localized = schedule.localized(language.code)
    shared_values = {
        "schedule": schedule,
        "event": localized.name,
        "details": localized.details,
        "brand": context.get_service(Brand),
        "public_url": context.get_service(Settings).public_url,
        "language": language,
        "languages": list(LANGUAGES.values()),
        "current_path": locale.current_path(),
        "visitor": page_visit.current_visitor(),
        "is_new_account": CREATED in request.args and page_visit.current_visitor() is not None,
        "embedded": is_embedded(),
        "home_path": home_path,
        # A frame shows embedded pages only, so links to others leave it.
        "new_tab": NEW_TAB[is_embedded()],
    }
    page = Response(render_template(name, **{**shared_values, **values}), mimetype="text/html")
    return with_language_headers(language.code, page)


def with_language_headers(code: str, response: Response) -> Response:
    """Set Content-Language to `code`, and Vary to the headers that the language depends on."""
    response.content_language.add(code)
    response.vary.update(("Accept-Language", "Cookie"))
    return response


def see_other(path: str) -> Response:
    """Return a 303 redirect: the browser requests `path` by GET, and a reload does not submit a form again."""
    return redirect(path, 303)  # type: ignore[return-value]  # a Werkzeug response is all that Flask needs


def has_live_updates() -> bool:
    """Return whether the service has an event stream."""
    return current_app.url_map.bind("").test("/api/live", "GET")
