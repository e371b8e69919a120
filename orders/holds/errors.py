"""Errors of carts and holds."""

from __future__ import annotations

from core.errors import Conflict, Invalid, NotFound


class MixedCurrencies(Invalid):
    """All tickets of an order must be in one currency."""

    code = "mixed_currencies"


class HoldNotFound(NotFound):
    """Hold not found."""

    code = "hold_not_found"


class HoldExpired(Conflict):
    """This hold has ended. Please choose the tickets again."""

    code = "hold_expired"
