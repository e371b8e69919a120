"""Language switch: a form on every page that works without scripts."""

from __future__ import annotations

from flask import Response, request, url_for
from flask_babel import force_locale

from pages.locale import cookie_language, requested_language, safe_redirect_path, set_language_cookie
from pages.rendering import render_page, see_other
from pages.site import PageBlueprint

blueprint = PageBlueprint("language", __name__)


@blueprint.post("/language")
def switch() -> Response:
    """Store the chosen language in a cookie and return to the page of the form."""
    code = requested_language()
    path = safe_redirect_path(request.form.get("next", ""))
    return set_language_cookie(see_other(url_for("pages.language.switched", language=code, next=path)), code)


@blueprint.get("/language/done")
def switched() -> Response:
    """Redirect to the page of the form, or explain that the language needs the cookie that was just set."""
    path = safe_redirect_path(request.args.get("next", ""))
    code = requested_language()
    if cookie_language() == code:
        return see_other(path)
    with force_locale(code):
        return render_page("language_switch/cookie_needed.html", path=path)
