"""Discovery: a provider's endpoints and signing keys, read from its well-known address and cached for an hour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests
from authlib.oidc.discovery import get_well_known_url
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from accounts.openid.errors import ProviderUnavailable
from core import log
from core.config.openid_providers import is_secure

LOG = log.get_logger("accounts")
# Seconds to connect, and between two parts of an answer.
TIMEOUT = (3.0, 5.0)
RETRY_AFTER_SECONDS = 30
REQUIRED = ("authorization_endpoint", "token_endpoint", "jwks_uri")
SECRET_IN_HEADER = "client_secret_basic"  # noqa: S105 # nosec B105 # the name of a method


@dataclass(frozen=True)
class Metadata:
    """What a provider states about itself, and its keys."""

    authorization_endpoint: str
    token_endpoint: str
    token_auth_method: str
    userinfo_endpoint: str
    sends_issuer: bool
    keys: KeySet


def discover(issuer: str) -> Metadata:
    """Read the metadata and keys of the provider `issuer`; raises ProviderUnavailable for any unusable answer."""
    stated = get_json(get_well_known_url(issuer, external=True))
    if stated.get("issuer") != issuer:
        raise unavailable("issuer_differs")
    for name in REQUIRED:
        if not isinstance(stated.get(name), str) or not is_secure(stated[name]):
            raise unavailable("endpoint_unusable")
    methods = stated.get("token_endpoint_auth_methods_supported") or [SECRET_IN_HEADER]
    return Metadata(
        authorization_endpoint=stated["authorization_endpoint"],
        token_endpoint=stated["token_endpoint"],
        token_auth_method=SECRET_IN_HEADER if SECRET_IN_HEADER in methods else "client_secret_post",
        userinfo_endpoint=_optional_endpoint(stated.get("userinfo_endpoint")),
        sends_issuer=stated.get("authorization_response_iss_parameter_supported") is True,
        keys=_keys(stated["jwks_uri"]),
    )


def get_json(address: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return the JSON object at `address`; raises ProviderUnavailable."""
    try:
        response = requests.get(address, headers=headers, timeout=TIMEOUT, allow_redirects=False)
        response.raise_for_status()
        answer = response.json()
    except (requests.RequestException, ValueError) as error:
        raise unavailable(type(error).__name__) from None
    if not isinstance(answer, dict):
        raise unavailable("not_an_object")
    return answer


def unavailable(reason: str) -> ProviderUnavailable:
    """Return the refusal for a provider that cannot be used, and log the reason."""
    LOG.warning("oidc_provider_unavailable", reason=reason)
    return ProviderUnavailable(retry_after=RETRY_AFTER_SECONDS)


def _keys(address: str) -> KeySet:
    """Return the keys that can be read: RFC 7517 asks a client to ignore those of kinds that it does not know."""
    stated = get_json(address).get("keys")
    if not isinstance(stated, list):
        raise unavailable("keys_unusable")
    keys = []
    for key in stated:
        try:
            keys += KeySet.import_key_set({"keys": [key]}).keys
        except (JoseError, ValueError, TypeError, KeyError, AttributeError):
            LOG.info("oidc_key_ignored")
    if not keys:
        raise unavailable("keys_unusable")
    return KeySet(keys)


def _optional_endpoint(stated: object) -> str:
    if isinstance(stated, str) and is_secure(stated):
        return stated
    return ""
