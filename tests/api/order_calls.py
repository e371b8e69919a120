"""Requests to each public route of holds and orders in a full database."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask

from tests.orders.shop import Shop, TierPlan

Call = Callable[[], int]


def order_calls(app: Flask) -> dict[str, Call]:
    """Return a request to each public route of holds."""
    shop = Shop(app)
    tiers = shop.event(TierPlan("A"), TierPlan("B"), TierPlan("C"), pool=20).tiers
    buyer = shop.buyer()
    holder = shop.buyer()
    held = holder.hold(*((tier, 1) for tier in tiers)).json["id"]
    return {
        "POST /api/holds": lambda: buyer.hold(*((tier, 2) for tier in tiers)).status,
        "DELETE /api/holds/{id}": lambda: holder.send("DELETE", f"/api/holds/{held}").status,
    }
