"""The refresh cookie: HttpOnly, SameSite=Lax, only for the paths of sign-in, Secure on https."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from flask import Response, request

from accounts.guards import require_own_origin

NAME = "refreshToken"
PATH = "/api/auth"


@dataclass(frozen=True)
class RefreshCookie:
    """Sets, reads and deletes the cookie; only pages of `origins` may have a request with it answered."""

    lifetime: timedelta
    secure: bool
    origins: frozenset[str]

    def set(self, response: Response, token: str) -> None:
        response.set_cookie(
            NAME,
            token,
            max_age=self.lifetime,
            path=PATH,
            secure=self.secure,
            httponly=True,
            samesite="Lax",
        )

    def read(self) -> str:
        """Return the request's refresh token or an empty text; raises OriginRefused for a page of another origin."""
        require_own_origin(self.origins)
        return request.cookies.get(NAME, "")

    def delete(self, response: Response) -> None:
        response.delete_cookie(NAME, path=PATH, secure=self.secure, httponly=True, samesite="Lax")
