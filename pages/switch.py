"""The switch between languages, on every page: a form, which works without scripts and is pressed by nobody else."""

from __future__ import annotations

from flask import Response, current_app, redirect, request
from flask_babel import gettext

from core.languages import LANGUAGES
from pages.errors import FormRefused
from pages.language import COOKIE, YEAR_SECONDS, safe
from pages.site import blueprint


@blueprint.post("/language")
def switch() -> Response:
    """Remember the language that was chosen, and go back to where that was."""
    code = request.form.get("language", "")
    if code not in LANGUAGES:
        names = ", ".join(language.name for language in LANGUAGES.values())
        raise FormRefused(gettext("These pages are not there in that language. They are in: %(names)s.", names=names))
    response: Response = redirect(safe(request.form.get("next", "")), 303)  # type: ignore[assignment]  # see site.keep
    secure = bool(current_app.config["SESSION_COOKIE_SECURE"])
    response.set_cookie(COOKIE, code, max_age=YEAR_SECONDS, path="/", httponly=True, samesite="Lax", secure=secure)
    return response
