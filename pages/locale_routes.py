"""Language switch of every page: a form, which works without scripts."""

from __future__ import annotations

from flask import Response, redirect, request

from pages.locale import requested_language, safe_redirect_path, set_language_cookie
from pages.rendering import blueprint


@blueprint.post("/language")
def switch() -> Response:
    """Remember the language that was chosen, and go back to where that was."""
    code = requested_language()
    response: Response = redirect(safe_redirect_path(request.form.get("next", "")), 303)  # type: ignore[assignment]  # see site.keep
    return set_language_cookie(response, code)
