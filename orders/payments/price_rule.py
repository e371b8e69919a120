"""Prices that the payment provider can take exactly: the editor of events refuses others."""

from __future__ import annotations

from collections.abc import Callable

from core.config.payment_provider import STRIPE
from core.config.settings import Settings
from orders.payments.stripe_amounts import AmountNotPayable, to_stripe

# From a price in minor units and its currency. Of payable prices every sum is payable.
PriceRule = Callable[[int, str], bool]


def build_price_rule(settings: Settings) -> PriceRule:
    """Return the rule of the provider that PAYMENT_PROVIDER names; the simulated one takes every price."""
    if settings.payment_provider.name == STRIPE:
        return _stripe_takes
    return lambda *_: True


def _stripe_takes(price: int, currency: str) -> bool:
    try:
        to_stripe(price, currency)
    except AmountNotPayable:
        return False
    return True
