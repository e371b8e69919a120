"""Access tokens: JSON Web Tokens signed with HMAC-SHA256 and verified without the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import jwt
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from accounts.errors import NotSignedIn
from accounts.model import Account, Identity, Role
from core.clock import Clock

ALGORITHM = "HS256"
AUDIENCE = "booking-api"
TOKEN_TYPE = "access"  # noqa: S105 # nosec B105 # a type, not a secret
REQUIRED_CLAIMS = ["iss", "aud", "sub", "sid", "iat", "exp", "typ", "role"]
KEY_CONTEXT = b"accounts.access-token"
KEY_BYTES = 32
# Tokens whose signature this process remembers: about 1 kB each.
MAX_VERIFIED = 10_000


@dataclass(frozen=True)
class AccessTokens:
    """Issues and verifies access tokens; the first key signs, every key verifies.

    `issuer` is the public origin of this service.
    """

    keys: Sequence[bytes]
    issuer: str
    lifetime: timedelta
    clock: Clock
    # Signatures are checked once for each token; the end of its time is checked at every use.
    _verified: dict[str, tuple[Identity, int]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def issue(self, account: Account, session_id: str) -> str:
        """Return the token of `account` in a session."""
        issued_at = int(self.clock().timestamp())
        claims = {
            "iss": self.issuer,
            "aud": AUDIENCE,
            "sub": account.id,
            "sid": session_id,
            "role": account.role.value,
            "typ": TOKEN_TYPE,
            "iat": issued_at,
            "exp": issued_at + int(self.lifetime.total_seconds()),
        }
        return jwt.encode(claims, self.keys[0], algorithm=ALGORITHM)

    def verify(self, token: str) -> Identity:
        """Return the identity that `token` states; raises NotSignedIn for any other, forged or expired one."""
        known = self._verified.get(token)
        if known is None:
            known = self._identity(self._claims(token))
            if len(self._verified) >= MAX_VERIFIED:
                self._verified.clear()
            self._verified[token] = known
        identity, expires_at = known
        if expires_at <= self.clock().timestamp():
            raise NotSignedIn
        return identity

    def _claims(self, token: str) -> dict[str, Any]:
        for key in self.keys:
            claims = self._decode(token, key)
            if claims is not None:
                return claims
        raise NotSignedIn

    def _decode(self, token: str, key: bytes) -> dict[str, Any] | None:
        # The times are compared with the service's own clock in `verify`.
        options: Any = {"require": REQUIRED_CLAIMS, "verify_exp": False, "verify_iat": False}
        try:
            return jwt.decode(token, key, [ALGORITHM], options, audience=AUDIENCE, issuer=self.issuer)
        except jwt.InvalidTokenError:
            return None

    def _identity(self, claims: dict[str, Any]) -> tuple[Identity, int]:
        """Return the identity and the end of its token in seconds since 1970."""
        expires_at = claims["exp"]
        if claims["typ"] != TOKEN_TYPE or not isinstance(expires_at, int):
            raise NotSignedIn
        try:
            return Identity(str(claims["sub"]), str(claims["sid"]), Role(claims["role"])), expires_at
        except ValueError:
            raise NotSignedIn from None


def derive_keys(secrets: Sequence[str]) -> tuple[bytes, ...]:
    """Return the signing key of 32 bytes of each secret, by HKDF (RFC 5869)."""
    return tuple(_derive_key(secret) for secret in secrets)


def _derive_key(secret: str) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=KEY_CONTEXT).derive(secret.encode())
