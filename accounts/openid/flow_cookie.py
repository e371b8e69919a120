"""Flow cookie: the browser keeps its state, nonce and PKCE verifier, signed and for ten minutes.

The cookie binds a callback to the browser that began the sign-in. It is HttpOnly, and SameSite=Lax because the provider
redirects from another site.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from datetime import timedelta

import orjson
from flask import Response, request

from accounts.openid.model import Flow
from core.timed_signer import TimedSigner

NAME = "oidcFlow"
PURPOSE = "accounts.openid.flow"
LIFETIME = timedelta(minutes=10)


@dataclass(frozen=True)
class FlowCookie:
    """Sets, reads and deletes the cookie."""

    signer: TimedSigner
    secure: bool

    def set(self, response: Response, flow: Flow) -> None:
        response.set_cookie(
            NAME,
            self.signer.sign(orjson.dumps(astuple(flow)).hex()),
            max_age=LIFETIME,
            path=_path(flow.provider),
            secure=self.secure,
            httponly=True,
            samesite="Lax",
        )

    def read(self) -> Flow | None:
        """Return the flow of this browser; None if there is none, or its cookie is forged or too old."""
        verified = self.signer.verify(request.cookies.get(NAME, ""))
        if verified is None or verified[1] > LIFETIME:
            return None
        return Flow(*orjson.loads(bytes.fromhex(verified[0])))

    def delete(self, response: Response, provider: str) -> None:
        response.delete_cookie(NAME, path=_path(provider), secure=self.secure, httponly=True, samesite="Lax")


def _path(provider: str) -> str:
    return f"/api/auth/oidc/{provider}"
