"""Errors of stock claims."""

from __future__ import annotations

from core.errors import Conflict


class InsufficientStock(Conflict):
    """Not enough stock is left."""

    code = "insufficient_stock"


class StockMismatch(Exception):
    """The stock counts less as taken than the requests of a batch release; they are repeated one by one."""
