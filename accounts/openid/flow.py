"""Authorization code flow: it begins with an address of the provider and ends with a verified identity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from accounts.openid.errors import ProviderNotFound
from accounts.openid.model import AuthorizationResponse, Flow, ProviderIdentity
from accounts.openid.refusals import refusal

if TYPE_CHECKING:
    from accounts.openid.provider import OpenIdProvider


@dataclass(frozen=True)
class CodeFlow:
    """The providers of this service by name."""

    providers: Mapping[str, OpenIdProvider]

    def names(self) -> Sequence[str]:
        return sorted(self.providers)

    def authorization_url(self, flow: Flow) -> str:
        """Return the address to send the browser to; raises ProviderNotFound or ProviderUnavailable."""
        return self._provider(flow.provider).authorization_url(flow)

    def finish(self, name: str, flow: Flow | None, response: AuthorizationResponse) -> ProviderIdentity:
        """Return the identity behind a callback for the provider `name`.

        Raises ProviderNotFound, ProviderUnavailable, or ProviderSignInFailed if this browser has not begun `flow`.
        """
        provider = self._provider(name)
        if flow is None:
            raise refusal(name, "no_flow")
        if not flow.matches(name, response.state):
            raise refusal(name, "state")
        return provider.identify(flow, response)

    def _provider(self, name: str) -> OpenIdProvider:
        if name not in self.providers:
            raise ProviderNotFound
        return self.providers[name]
