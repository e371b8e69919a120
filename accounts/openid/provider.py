"""OpenID provider: the address of its sign-in page, and the exchange of a code for a verified identity.

Authlib's OAuth2Session makes the requests. Its Flask integration is not used: that needs flask.session.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session

from accounts.openid import id_token
from accounts.openid.discovery import TIMEOUT, Metadata, discover, get_json, unavailable
from accounts.openid.id_token import Expectation, IdTokenInvalid, KeyUnknown
from accounts.openid.model import AuthorizationResponse, Flow, ProviderIdentity
from accounts.openid.refusals import refusal
from core.clock import Clock, monotonic
from core.concurrency.ttl_cache import TTLCache
from core.config.openid_providers import ProviderSettings

SCOPE = "openid email profile"
METADATA_SECONDS = 3600.0
# An unknown key id makes a provider's keys be read again, but not by every forged token.
MIN_KEY_AGE_SECONDS = 60.0


@dataclass(frozen=True)
class TokenAnswer:
    """The tokens that a provider's token endpoint has returned."""

    id_token: str = field(repr=False)
    access_token: str = field(repr=False)


class OpenIdProvider:
    """One provider, by its settings; `redirect_uri` is this service's callback for it."""

    def __init__(self, settings: ProviderSettings, redirect_uri: str, clock: Clock) -> None:
        self.settings = settings
        self._redirect_uri = redirect_uri
        self._clock = clock
        self._metadata: TTLCache[str, Metadata] = TTLCache(discover, METADATA_SECONDS)
        self._keys_renewed_at = float("-inf")

    def authorization_url(self, flow: Flow) -> str:
        """Return the address of the provider's sign-in page for `flow`; raises ProviderUnavailable."""
        metadata = self._metadata(self.settings.issuer)
        with self._session(metadata) as session:
            url, _ = session.create_authorization_url(
                metadata.authorization_endpoint,
                state=flow.state,
                nonce=flow.nonce,
                code_verifier=flow.code_verifier,
            )
        return str(url)

    def identify(self, flow: Flow, response: AuthorizationResponse) -> ProviderIdentity:
        """Return the person who has signed in at the provider.

        Raises ProviderSignInFailed for a refused, forged or repeated response, ProviderUnavailable for no answer.
        """
        metadata = self._metadata(self.settings.issuer)
        self._check_issuer(metadata, response)
        if response.error or not response.code:
            raise refusal(self.settings.name, "provider_error")
        tokens = self._fetch_tokens(metadata, flow, response.code)
        expected = Expectation(self.settings.issuer, self.settings.client_id, flow.nonce, self._clock())
        try:
            identity = self._verified(tokens, expected)
        except IdTokenInvalid as error:
            raise refusal(self.settings.name, f"id_token_{error}") from None
        if identity.email or not metadata.userinfo_endpoint:
            return identity
        return self._with_userinfo(metadata, identity, tokens)

    def _with_userinfo(self, metadata: Metadata, identity: ProviderIdentity, tokens: TokenAnswer) -> ProviderIdentity:
        """Add the e-mail address of a provider that states it at its userinfo endpoint only."""
        headers = {"Authorization": f"Bearer {tokens.access_token}"}
        claims = get_json(metadata.userinfo_endpoint, headers)
        if claims.get("sub") != identity.subject:
            raise refusal(self.settings.name, "userinfo_subject")
        return id_token.to_identity({**claims, "iss": identity.issuer, "sub": identity.subject})

    def _check_issuer(self, metadata: Metadata, response: AuthorizationResponse) -> None:
        """Raise ProviderSignInFailed if the response names another issuer (RFC 9207)."""
        is_missing = metadata.sends_issuer and not response.issuer
        if is_missing or response.issuer not in ("", self.settings.issuer):
            raise refusal(self.settings.name, "issuer")

    def _fetch_tokens(self, metadata: Metadata, flow: Flow, code: str) -> TokenAnswer:
        try:
            with self._session(metadata) as session:
                answer = session.fetch_token(
                    metadata.token_endpoint,
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=flow.code_verifier,
                    allow_redirects=False,
                )
        except AuthlibBaseError:
            # The provider's words may contain anything, so they are not logged.
            raise refusal(self.settings.name, "code") from None
        except (requests.RequestException, ValueError) as error:
            raise unavailable(type(error).__name__) from None
        return self._tokens(answer)

    def _tokens(self, answer: dict[str, Any]) -> TokenAnswer:
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise refusal(self.settings.name, "no_id_token")
        return TokenAnswer(token, str(answer.get("access_token", "")))

    def _verified(self, tokens: TokenAnswer, expected: Expectation) -> ProviderIdentity:
        keys = self._metadata(self.settings.issuer).keys
        try:
            return id_token.verify(tokens.id_token, keys, expected, tokens.access_token)
        except KeyUnknown:
            if monotonic() - self._keys_renewed_at < MIN_KEY_AGE_SECONDS:
                raise
        self._keys_renewed_at = monotonic()
        self._metadata.invalidate()
        keys = self._metadata(self.settings.issuer).keys
        return id_token.verify(tokens.id_token, keys, expected, tokens.access_token)

    def _session(self, metadata: Metadata) -> OAuth2Session:
        return OAuth2Session(
            self.settings.client_id,
            self.settings.client_secret,
            token_endpoint_auth_method=metadata.token_auth_method,
            scope=SCOPE,
            redirect_uri=self._redirect_uri,
            code_challenge_method="S256",
            default_timeout=TIMEOUT,
        )
