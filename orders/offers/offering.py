"""The request to offer what is free of some stock to the first in line."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from inventory.requests import StockChange


@dataclass(frozen=True)
class Offering:
    """Offers what is free of the stock to the first in line."""

    stock_ids: Collection[str]


Request = StockChange[Offering, None]


def offering_of(stock_ids: Collection[str]) -> Request:
    """Return the request to offer what is free of the stock."""
    return StockChange(Offering(stock_ids), dict.fromkeys(stock_ids, 0))
