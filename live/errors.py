"""How many streams are enough."""

from __future__ import annotations

from core.errors import TooMany, Unavailable


class AddressHasEnough(TooMany):
    """Too many live streams are open from this address."""


class NoStreamLeft(Unavailable):
    """Too many live streams are open here. Please try again in a moment."""
