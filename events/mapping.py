"""Mapping between events with their stock rows and documents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.folding import fold
from core.mongo.client import Document
from events.model import Event, EventStatus, StockKind, TicketStock, Tier
from events.money import comparable


def to_event_document(event: Event) -> Document:
    return {
        "_id": event.id,
        **event_fields(event),
        "createdAt": event.created_at,
    }


def event_fields(event: Event) -> Document:
    """Return the fields that an editor may change, with those that the listing searches and sorts by."""
    title_key = fold(event.title)
    return {
        "title": event.title,
        "description": event.description,
        "image": event.image,
        "imageAlt": event.image_alt,
        "date": event.date,
        "venue": event.venue,
        "currency": event.currency,
        "status": event.status.value,
        "maxPerOrder": event.max_per_order,
        "salesEnd": event.sales_end,
        "updatedAt": event.updated_at,
        "version": event.version,
        "tierIds": [tier.id for tier in event.tiers],
        "titleKey": title_key,
        "priceKey": comparable(event.price, event.currency),
        "lowestPriceKey": comparable(event.lowest_price, event.currency),
        # No search text has a line break, so none matches across the two.
        "search": f"{title_key}\n{fold(event.venue)}",
    }


def to_stock_document(stock: TicketStock) -> Document:
    return {
        "_id": stock.id,
        "eventId": stock.event_id,
        "kind": (StockKind.TIER if isinstance(stock, Tier) else StockKind.POOL).value,
        "taken": stock.taken,
        "held": stock.held,
        "waiting": stock.waiting,
        **(_tier_constants(stock) if isinstance(stock, Tier) else {}),
        **stock_settings(stock),
    }


def stock_settings(stock: TicketStock) -> Document:
    """Return the fields of a stock row that an editor may change."""
    settings: Document = {"capacity": stock.capacity, "closed": stock.closed}
    if isinstance(stock, Tier):
        settings |= {"name": stock.name, "price": stock.price, "withdrawn": stock.withdrawn}
    return settings


def _tier_constants(tier: Tier) -> Document:
    return {"position": tier.position, "code": tier.code, "numbered": tier.numbered}


def to_stock(row: Document) -> TicketStock:
    counts: dict[str, Any] = {
        "id": row["_id"],
        "event_id": row["eventId"],
        "capacity": row["capacity"],
        "taken": row["taken"],
        "held": row["held"],
        "waiting": row.get("waiting", 0),
        "closed": row["closed"],
    }
    if row["kind"] == StockKind.POOL:
        return TicketStock(**counts)
    return Tier(
        **counts,
        position=row["position"],
        code=row["code"],
        name=row["name"],
        price=row["price"],
        numbered=row["numbered"],
        withdrawn=row["withdrawn"],
    )


def to_event(document: Document, stock: Sequence[TicketStock]) -> Event:
    tiers = [row for row in stock if isinstance(row, Tier)]
    pools = [row for row in stock if not isinstance(row, Tier)]
    return Event(
        id=document["_id"],
        title=document["title"],
        description=document["description"],
        date=document["date"],
        venue=document["venue"],
        currency=document["currency"],
        status=EventStatus(document["status"]),
        max_per_order=document["maxPerOrder"],
        sales_end=document["salesEnd"],
        created_at=document["createdAt"],
        updated_at=document["updatedAt"],
        version=document["version"],
        tiers=sorted(tiers, key=lambda tier: tier.position),
        pool=pools[0] if pools else None,
        image=document.get("image", ""),
        image_alt=document.get("imageAlt", ""),
    )
