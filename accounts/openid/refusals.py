"""Refused sign-ins with a provider: the person sees one refusal, the log has the reason."""

from __future__ import annotations

from accounts.openid.errors import ProviderSignInFailed
from core import log

LOG = log.get_logger("accounts")


def refusal(provider: str, reason: str) -> ProviderSignInFailed:
    """Return the refusal of a callback, and log the reason, which only operators see."""
    LOG.warning("oidc_sign_in_refused", provider=provider, reason=reason)
    return ProviderSignInFailed()
