"""The refresh cookie: HttpOnly, SameSite=Lax, only for the paths of sign-in, Secure on https.

An interrupted rotation has a cookie of its own beside it. An answer that arrives late thus replaces no newer token: it
counts only while the refresh cookie is the one from which the rotation began.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from flask import Response, request

from accounts.guards import require_own_origin
from accounts.refresh_tokens import RefreshToken

NAME = "refreshToken"
INTERRUPTED = "refreshInterrupted"
PATH = "/api/auth"


@dataclass(frozen=True)
class RefreshCookie:
    """Sets, reads and deletes the cookies; only pages of `origins` may have a request with them answered."""

    lifetime: timedelta
    secure: bool
    origins: frozenset[str]

    def set(self, response: Response, token: str) -> None:
        """Set the refresh token; an interrupted rotation is over with it."""
        self._set(response, NAME, token)
        if INTERRUPTED in request.cookies:
            self._delete(response, INTERRUPTED)

    def set_interrupted(self, response: Response, token: str) -> None:
        """Set the token of an interrupted rotation beside the refresh token."""
        self._set(response, INTERRUPTED, token)

    def read(self) -> RefreshToken | None:
        """Return the request's refresh token, or None; raises OriginRefused for a page of another origin."""
        require_own_origin(self.origins)
        token = RefreshToken.parse(request.cookies.get(NAME, ""))
        interrupted = RefreshToken.parse(request.cookies.get(INTERRUPTED, ""))
        if token and interrupted:
            return token.continued(interrupted)
        return token

    def delete(self, response: Response) -> None:
        self._delete(response, NAME)
        if INTERRUPTED in request.cookies:
            self._delete(response, INTERRUPTED)

    def _set(self, response: Response, name: str, value: str) -> None:
        response.set_cookie(
            name,
            value,
            max_age=self.lifetime,
            path=PATH,
            secure=self.secure,
            httponly=True,
            samesite="Lax",
        )

    def _delete(self, response: Response, name: str) -> None:
        response.delete_cookie(name, path=PATH, secure=self.secure, httponly=True, samesite="Lax")
