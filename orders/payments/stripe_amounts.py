"""Amounts in Stripe's smallest unit, which differs from ISO 4217 for some currencies; whole numbers only."""

from __future__ import annotations

from decimal import Decimal

# Stripe's amount of one minor unit of ISO 4217: it counts the first two in hundredths, the third in whole units.
SCALE = {"ISK": Decimal(100), "UGX": Decimal(100), "MGA": Decimal("0.01")}
# The reverse, so that nothing is divided.
SCALE_BACK = {"ISK": Decimal("0.01"), "UGX": Decimal("0.01"), "MGA": Decimal(100)}
# Stripe takes amounts of currencies with three decimals only if the last digit is 0.
THREE_DECIMALS = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})


class AmountNotPayable(ValueError):
    """Stripe cannot take this amount exactly."""


def to_stripe(minor: int, currency: str) -> int:
    """Return the amount that Stripe takes for `minor` units; raises AmountNotPayable."""
    amount = minor * SCALE.get(currency, Decimal(1))
    if currency in THREE_DECIMALS and minor % 10:
        raise AmountNotPayable
    return _whole(amount)


def from_stripe(amount: int, currency: str) -> int:
    """Return the minor units of an amount of Stripe; raises AmountNotPayable if they are not whole."""
    return _whole(amount * SCALE_BACK.get(currency, Decimal(1)))


def _whole(amount: Decimal) -> int:
    if amount != int(amount):
        raise AmountNotPayable
    return int(amount)
