"""Values of a sign-in with a provider: the flow that a browser has begun, the provider's answer, the identity."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field

RANDOM_BYTES = 32


@dataclass(frozen=True)
class Flow:
    """One sign-in that a browser has begun; it ends at the page `return_to` of this service."""

    provider: str
    return_to: str
    state: str = field(repr=False)
    nonce: str = field(repr=False)
    code_verifier: str = field(repr=False)

    @classmethod
    def new(cls, provider: str, return_to: str) -> Flow:
        """Return a flow with a state, a nonce and a PKCE verifier of 256 random bits each."""
        return cls(provider, return_to, _random(), _random(), _random())

    def matches(self, provider: str, state: str) -> bool:
        """Return whether a callback with `state` for `provider` belongs to this flow."""
        return provider == self.provider and hmac.compare_digest(state.encode(), self.state.encode())


@dataclass(frozen=True)
class AuthorizationResponse:
    """The parameters with which a provider sends the browser back; a missing one is empty."""

    state: str = field(repr=False)
    code: str = field(default="", repr=False)
    issuer: str = ""
    error: str = ""


@dataclass(frozen=True)
class ProviderIdentity:
    """A person as a verified ID token names them; issuer and subject together never change."""

    issuer: str
    subject: str
    email: str = field(default="", repr=False)
    email_verified: bool = False
    name: str = field(default="", repr=False)


def _random() -> str:
    return secrets.token_urlsafe(RANDOM_BYTES)
