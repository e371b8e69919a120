"""Choice cookie: the tickets that a person has chosen before the sign-in, for the cart's page only."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

from flask import Response, current_app, request
from werkzeug.datastructures import MultiDict

from pages.checkout.cart_form import QUANTITY, SEATS

COOKIE = "cartChoice"
PATH = "/cart"
LIFETIME_SECONDS = 3600
# Browsers store no longer cookie.
MAX_LENGTH = 3500


def remember_choice(response: Response, form: MultiDict[str, str]) -> Response:
    """Store the chosen tickets of `form` in the browser; a choice that is too long is left out."""
    chosen = []
    for name, value in form.items(multi=True):
        if name == SEATS or (name.startswith(QUANTITY) and value.strip("0 ")):
            chosen.append((name, value))
    text = urlencode(chosen, errors="replace")
    if text and len(text) <= MAX_LENGTH:
        secure = bool(current_app.config["SESSION_COOKIE_SECURE"])
        response.set_cookie(
            COOKIE, text, max_age=LIFETIME_SECONDS, path=PATH, httponly=True, samesite="Lax", secure=secure
        )
    return response


def remembered_choice() -> MultiDict[str, str]:
    """Return the chosen tickets as the fields of a form."""
    return MultiDict(parse_qsl(request.cookies.get(COOKIE, "")[:MAX_LENGTH]))


def forget_choice(response: Response) -> Response:
    """Remove the choice from the browser."""
    if COOKIE in request.cookies:
        response.delete_cookie(COOKIE, path=PATH)
    return response
