"""Page cookie: HttpOnly and SameSite=Lax, for every path; on https it is Secure and bound to this host.

The prefix `__Host-` makes browsers refuse the cookie from another host of the domain.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from flask import Response, request

from accounts.model import SignedIn
from accounts.page_sessions import PageSessions
from core.web import context

NAME = "pageSession"
HOST_PREFIX = "__Host-"


@dataclass(frozen=True)
class PageCookie:
    """Sets, reads and deletes the cookie."""

    lifetime: timedelta
    secure: bool

    @property
    def name(self) -> str:
        if self.secure:
            return HOST_PREFIX + NAME
        return NAME

    def set(self, response: Response, token: str) -> None:
        response.set_cookie(
            self.name,
            token,
            max_age=self.lifetime,
            path="/",
            secure=self.secure,
            httponly=True,
            samesite="Lax",
        )

    def read(self) -> str:
        """Return the request's page token or an empty text."""
        return request.cookies.get(self.name, "")

    def delete(self, response: Response) -> None:
        response.delete_cookie(self.name, path="/", secure=self.secure, httponly=True, samesite="Lax")


def begin_page_session(response: Response, result: SignedIn) -> None:
    """Let `response` sign the browser in; the session that it had on these pages ends."""
    cookie = context.get_service(PageCookie)
    sessions = context.get_service(PageSessions)
    sessions.end(cookie.read())
    cookie.set(response, sessions.begin(result.account, result.session_id))
