"""Card form of Stripe: its publishable key, its script, and the content policy of the two pages that load it."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response

from core.config.payment_provider import STRIPE
from core.config.settings import Settings
from core.web import context
from core.web.application import CONTENT_SECURITY_POLICY
from core.web.security_headers import CONTENT_POLICY

SCRIPTS = "https://js.stripe.com"
# Stripe.js loads parts of itself from these hosts.
SCRIPT_HOSTS = f"{SCRIPTS} https://*.js.stripe.com"
FRAMES = f"{SCRIPT_HOSTS} https://hooks.stripe.com"
API = "https://api.stripe.com"
WIDENED_POLICY = (
    CONTENT_POLICY.replace("script-src 'self'", f"script-src 'self' {SCRIPT_HOSTS}").replace(
        "connect-src 'self'", f"connect-src 'self' {API}"
    )
    + f"; frame-src {FRAMES}"
)


@dataclass(frozen=True)
class CardForm:
    """What the pages need to load Stripe.js."""

    key: str
    script: str = f"{SCRIPTS}/v3/"


def card_form() -> CardForm | None:
    """Return the card form, or None if the provider is another one or has no publishable key here."""
    provider = context.get_service(Settings).payment_provider
    if provider.name != STRIPE or not provider.stripe_publishable_key:
        return None
    return CardForm(provider.stripe_publishable_key)


def can_confirm_payment() -> bool:
    """Return whether the pages can continue a payment that its buyer has to confirm; Stripe needs the card form."""
    return context.get_service(Settings).payment_provider.name != STRIPE or card_form() is not None


def allow_stripe(page: Response) -> None:
    """Let a page load Stripe.js, show its frames and call its API."""
    page.headers[CONTENT_SECURITY_POLICY] = WIDENED_POLICY
