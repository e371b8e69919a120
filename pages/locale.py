"""Language of a page: the cookie's, else the record's own, else the negotiated one."""

from __future__ import annotations

from flask import Flask, Response, current_app, request, url_for
from flask_babel import Babel, get_locale, gettext
from werkzeug.urls import iri_to_uri

from core.i18n import (
    CATALOGUES,
    ENGLISH,
    LANGUAGES,
    TWELVE_HOURS,
    TWENTY_FOUR_HOURS,
    Language,
    get_language,
    has_twelve_hours,
)
from core.own_paths import is_own_path
from core.web import accept_language
from pages.embedding import embedded_language, is_embedded
from pages.errors import FormRefused

COOKIE = "language"
YEAR_SECONDS = 365 * 86_400


def install(app: Flask) -> None:
    """Select the language of the pages of `app`; other responses never read it."""
    Babel(
        app,
        default_locale=ENGLISH.code,
        default_translation_directories=str(CATALOGUES),
        locale_selector=lambda: embedded_language() or cookie_language() or accept_language.negotiated_language(),
    )


def cookie_language() -> str:
    """Return the language code in the cookie of the language switch, or nothing; embedded pages read no cookie."""
    if is_embedded():
        return ""
    code = request.cookies.get(COOKIE, "")
    return code if code in LANGUAGES else ""


def requested_language() -> str:
    """Return the language code that the switch sent; raises FormRefused if it is unsupported."""
    code = request.values.get("language", "")
    if code not in LANGUAGES:
        names = ", ".join(language.name for language in LANGUAGES.values())
        raise FormRefused(gettext("These pages are not there in that language. They are in: %(names)s.", names=names))
    return code


def set_language_cookie(response: Response, code: str) -> Response:
    """Store the language `code` in a cookie for a year."""
    secure = bool(current_app.config["SESSION_COOKIE_SECURE"])
    response.set_cookie(COOKIE, code, max_age=YEAR_SECONDS, path="/", httponly=True, samesite="Lax", secure=secure)
    return response


def current_language() -> Language:
    """Return the language of the page that is being rendered."""
    return get_language(str(get_locale()))


def clock_pattern() -> str:
    """Return the pattern of the hours: twelve where the page is English and the browser's English has them."""
    if current_language() is ENGLISH and has_twelve_hours(accept_language.regional_tag(ENGLISH.code)):
        return TWELVE_HOURS
    return TWENTY_FOUR_HOURS


def safe_redirect_path(path: str) -> str:
    """Return `path` if it is a path of this site, else the path of the booking page."""
    return path if is_own_path(path) else "/"


def current_path() -> str:
    """Return the path of this page for a GET request; the language switch returns to it."""
    if request.method in ("GET", "HEAD"):
        return safe_redirect_path(iri_to_uri(request.full_path).rstrip("?"))
    arguments = request.view_args or {}
    if "booking_id" in arguments:
        return url_for("pages.self_service.booking", booking_id=arguments["booking_id"])
    if "entry_id" in arguments:
        return url_for("pages.self_service.waiting", entry_id=arguments["entry_id"])
    if "event_id" in arguments:
        return url_for("pages.events.show", event_id=arguments["event_id"])
    return url_for("pages.booking.home")
