"""Language switch: a form on every page that works without scripts."""

from __future__ import annotations

from flask import Blueprint, Response, request

from pages.locale import requested_language, safe_redirect_path, set_language_cookie
from pages.rendering import see_other

blueprint = Blueprint("language", __name__)


@blueprint.post("/language")
def switch() -> Response:
    """Store the chosen language in a cookie and return to the page of the form."""
    code = requested_language()
    return set_language_cookie(see_other(safe_redirect_path(request.form.get("next", ""))), code)
