"""The switch between languages, on every page: a form, which works without scripts and is pressed by nobody else."""

from __future__ import annotations

from flask import Response, redirect, request

from pages.locale import remember, safe, switched
from pages.rendering import blueprint


@blueprint.post("/language")
def switch() -> Response:
    """Remember the language that was chosen, and go back to where that was."""
    code = switched()
    response: Response = redirect(safe(request.form.get("next", "")), 303)  # type: ignore[assignment]  # see site.keep
    return remember(response, code)
