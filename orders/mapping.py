"""Stored form of the items and the stock lines of holds and orders."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.mongo.client import Document
from orders.holds.model import HeldItem


def line_documents(lines: Mapping[str, int]) -> list[Document]:
    """Return counts by stock id as pairs, because a stock id is not a field name."""
    return [{"stockId": stock_id, "count": count} for stock_id, count in lines.items()]


def item_document(item: HeldItem) -> Document:
    """Return the stored form of an item."""
    return {
        "eventId": item.event_id,
        "tierId": item.tier_id,
        "code": item.code,
        "name": item.name,
        "quantity": item.quantity,
        "price": item.price,
        "currency": item.currency,
        "seats": list(item.seats),
    }


def item_of(row: dict[str, Any]) -> HeldItem:
    """Return the item of its stored form."""
    return HeldItem(
        event_id=row["eventId"],
        tier_id=row["tierId"],
        code=row["code"],
        name=row["name"],
        quantity=row["quantity"],
        price=row["price"],
        currency=row["currency"],
        seats=row["seats"],
    )
