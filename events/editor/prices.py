"""Prices of tiers that the payment provider can take: checked when a tier is added or priced."""

from __future__ import annotations

from collections.abc import Callable

from core.errors import Invalid
from events.model import Event
from events.money import Money

# Whether the provider takes an amount of minor units of a currency exactly.
IsPayable = Callable[[int, str], bool]


def require_payable(before: Event | None, after: Event, is_payable: IsPayable) -> None:
    """Raise Invalid for a new price that the payment provider cannot take; a price that there was stays."""
    known = set()
    if before:
        known = {(tier.id, tier.price, before.currency) for tier in before.tiers}
    for tier in after.tiers:
        is_known = (tier.id, tier.price, after.currency) in known
        if not is_known and not is_payable(tier.price, after.currency):
            price = Money(tier.price, after.currency)
            reason = f"The payment provider cannot take the price of {tier.code}, {price} {after.currency}, exactly."
            raise Invalid(errors={"tiers": [reason]})
