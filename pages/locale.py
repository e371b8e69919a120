"""The language of a page: what was chosen by the switch, else the booking's own, else what the browser prefers."""

from __future__ import annotations

import re

from flask import Flask, Response, current_app, request, url_for
from flask_babel import Babel, get_locale, gettext
from werkzeug.urls import iri_to_uri

from core.i18n import CATALOGUES, ENGLISH, LANGUAGES, Language, get_language
from core.web import accept_language
from pages.errors import FormRefused

COOKIE = "language"
YEAR_SECONDS = 365 * 86_400
# A path of ours: no second slash or backslash, with which it would be an address, and nothing invisible.
OUR_PATH = re.compile(r"/(?!/)[\x21-\x5b\x5d-\x7e]{0,500}")


def install(app: Flask) -> None:
    """Let the pages of `app` speak; nothing of it is asked for where no page is made."""
    Babel(
        app,
        default_locale=ENGLISH.code,
        default_translation_directories=str(CATALOGUES),
        locale_selector=lambda: chosen() or accept_language.negotiated_language(),
    )


def chosen() -> str:
    """Return the code of the language that was chosen by the switch, or nothing."""
    code = request.cookies.get(COOKIE, "")
    return code if code in LANGUAGES else ""


def requested_language() -> str:
    """Return the code of the language that the switch asks for; raises FormRefused for one that is not there."""
    code = request.form.get("language", "")
    if code not in LANGUAGES:
        names = ", ".join(language.name for language in LANGUAGES.values())
        raise FormRefused(gettext("These pages are not there in that language. They are in: %(names)s.", names=names))
    return code


def set_language_cookie(response: Response, code: str) -> Response:
    """Let the browser ask for the language `code` from now on."""
    secure = bool(current_app.config["SESSION_COOKIE_SECURE"])
    response.set_cookie(COOKIE, code, max_age=YEAR_SECONDS, path="/", httponly=True, samesite="Lax", secure=secure)
    return response


def current_language() -> Language:
    """Return the language of the page that is being made."""
    return get_language(str(get_locale()))


def safe_redirect_path(path: str) -> str:
    """Return `path` if it leads to a place on this site, else the way to the booking page."""
    return path if OUR_PATH.fullmatch(path) else "/"


def current_path() -> str:
    """Return the path that shows, by GET, what this request shows, for coming back to it in another language."""
    if request.method in ("GET", "HEAD"):
        return safe_redirect_path(iri_to_uri(request.full_path).rstrip("?"))
    asked = request.view_args or {}
    if "booking_id" in asked:
        return url_for("pages.booking", booking_id=asked["booking_id"])
    if "entry_id" in asked:
        return url_for("pages.waiting", entry_id=asked["entry_id"])
    return url_for("pages.form.home")
