"""Token cookie: it keeps the token of a signed link for the pages of one booking or waiting-list entry."""

from __future__ import annotations

from flask import Response, current_app, request

from pages.rendering import see_other

COOKIE = "token"


def read_token() -> str:
    """Return the token in the cookie of this page, or nothing."""
    return request.cookies.get(COOKIE, "")


def redirect_with_token(token: str, path: str, target: str = "") -> Response:
    """Redirect to `target`, by default `path`, with a cookie for the pages below `path`; scripts cannot read it."""
    response = see_other(target or path)
    secure = bool(current_app.config["SESSION_COOKIE_SECURE"])
    response.set_cookie(COOKIE, token, path=path, httponly=True, samesite="Strict", secure=secure)
    return response
