"""Object graph of the sign-in with a provider."""

from __future__ import annotations

from accounts.openid.flow import CodeFlow
from accounts.openid.flow_cookie import PURPOSE, FlowCookie
from core.clock import Clock
from core.config.settings import Settings
from core.timed_signer import TimedSigner


def build_flow(settings: Settings, clock: Clock) -> CodeFlow:
    """Return the code flow with the providers of `settings`."""
    if not settings.oidc_providers:
        return CodeFlow({})
    from accounts.openid.provider import OpenIdProvider  # noqa: PLC0415  # Authlib takes a tenth of the start

    providers = {}
    for provider in settings.oidc_providers:
        callback = f"{settings.public_url}/api/auth/oidc/{provider.name}/callback"
        providers[provider.name] = OpenIdProvider(provider, callback, clock)
    return CodeFlow(providers)


def build_cookie(settings: Settings, clock: Clock) -> FlowCookie:
    """Return the cookie that a browser has during a sign-in."""
    return FlowCookie(TimedSigner(settings.secret_key, PURPOSE, clock), settings.public_url.startswith("https://"))
