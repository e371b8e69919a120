"""Values of an event in the audit trail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.clock import iso
from events.model import Event
from events.money import Money


def audited(event: Event) -> Mapping[str, Any]:
    """Return what the audit trail notes of an event; a tier is by its code."""
    values: dict[str, Any] = {
        "title": event.title,
        "description": event.description,
        "image": event.image,
        "imageAlt": event.image_alt,
        "date": iso(event.date),
        "venue": event.venue,
        "currency": event.currency,
        "status": event.status.value,
        "maxPerOrder": event.max_per_order,
        "salesEnd": iso(event.sales_end),
        "pool": event.pool.capacity if event.pool else None,
    }
    for tier in event.tiers:
        values[f"tier {tier.code}"] = {
            "name": tier.name,
            "price": str(Money(tier.price, event.currency)),
            "capacity": tier.capacity,
            "closed": tier.withdrawn,
        }
    return values
