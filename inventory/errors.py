"""Errors of stock claims."""

from __future__ import annotations

from core.errors import Conflict


class InsufficientStock(Conflict):
    """Not enough stock is left."""

    code = "insufficient_stock"
