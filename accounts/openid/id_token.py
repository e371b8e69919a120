"""ID tokens: JSON Web Tokens of a provider, verified by signature, issuer, audience, time and nonce."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from accounts.openid.model import ProviderIdentity

# Signatures with a public key only. The provider's own list does not extend this one.
ALGORITHMS = ("RS256", "PS256", "ES256")
CLOCK_SKEW_SECONDS = 60
MAX_SUBJECT = 255


class IdTokenInvalid(Exception):
    """The ID token is forged, expired or meant for another client."""


class KeyUnknown(IdTokenInvalid):
    """The ID token names a key that the provider did not have when its keys were read."""


@dataclass(frozen=True)
class Expectation:
    """What an ID token must state."""

    issuer: str
    client_id: str
    nonce: str = field(repr=False)
    now: datetime


def verify(token: str, keys: KeySet, expected: Expectation, access_token: str) -> ProviderIdentity:
    """Return the identity that `token` states; raises IdTokenInvalid, or KeyUnknown."""
    registry = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
    try:
        decoded = jwt.decode(token, keys, registry=registry)
        _validate(decoded, expected, access_token)
    except InvalidKeyIdError as error:
        raise KeyUnknown(type(error).__name__) from None
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise IdTokenInvalid(type(error).__name__) from None
    return to_identity(decoded.claims)


def to_identity(claims: dict[str, Any]) -> ProviderIdentity:
    """Return the identity that verified `claims` state; raises IdTokenInvalid."""
    subject = claims["sub"]
    if not 0 < len(subject) <= MAX_SUBJECT:
        raise IdTokenInvalid("subject")
    return ProviderIdentity(
        issuer=claims["iss"],
        subject=subject,
        email=_text(claims.get("email")),
        # Some providers write the word "true": only the JSON value counts.
        email_verified=claims.get("email_verified") is True,
        name=_text(claims.get("name")),
    )


def _validate(decoded: jwt.Token, expected: Expectation, access_token: str) -> None:
    options: dict[str, Any] = {
        "iss": {"essential": True, "value": expected.issuer},
        "aud": {"essential": True, "value": expected.client_id},
    }
    params = {"nonce": expected.nonce, "client_id": expected.client_id, "access_token": access_token}
    claims = CodeIDToken(decoded.claims, decoded.header, options, params)
    claims.validate(now=int(expected.now.timestamp()), leeway=CLOCK_SKEW_SECONDS)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
