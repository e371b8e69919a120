"""Errors of ticket claims."""

from __future__ import annotations

from inventory.errors import InsufficientStock


class SoldOut(InsufficientStock):
    """This event is sold out."""

    code = "sold_out"
