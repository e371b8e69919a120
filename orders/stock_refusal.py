"""Refusal of a claim that exceeds its stock."""

from __future__ import annotations

from core.errors import DomainError
from events.errors import SalesClosed
from inventory.admission import Shortage
from inventory.errors import InsufficientStock


def stock_refusal(shortage: Shortage) -> DomainError:
    """Return SalesClosed for closed stock, else InsufficientStock with the stock's id and what is left."""
    if shortage.closed:
        return SalesClosed()
    return InsufficientStock(
        extra={"tierId": shortage.stock_id, "requested": shortage.requested, "remaining": shortage.remaining}
    )
