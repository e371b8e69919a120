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
    payer = shop.buyer()
    made = payer.order(*((tier, 2) for tier in tiers)).json["id"]
    cancelled = payer.order(*((tier, 1) for tier in tiers)).json["id"]
    code = payer.send("GET", f"/api/orders/{made}").json["tickets"][0]["code"]
    held = holder.hold(*((tier, 1) for tier in tiers)).json["id"]
    return {
        "POST /api/orders": lambda: buyer.order(*((tier, 1) for tier in tiers)).status,
        "GET /api/orders": lambda: payer.send("GET", "/api/orders").status,
        "GET /api/orders/{id}": lambda: payer.send("GET", f"/api/orders/{made}").status,
        "POST /api/orders/{id}/cancel": lambda: payer.send("POST", f"/api/orders/{cancelled}/cancel").status,
        "GET /api/tickets": lambda: payer.send("GET", "/api/tickets").status,
        "GET /api/tickets/{code}.svg": lambda: shop.api.get(f"/api/tickets/{code}.svg").status,
        "POST /api/tickets/{code}/transfer": lambda: (
            payer.send("POST", f"/api/tickets/{code}/transfer", json={"email": buyer.email}).status
        ),
        "POST /api/payments/webhook": lambda: shop.api.send("POST", "/api/payments/webhook", json={}).status,
        "POST /api/holds": lambda: buyer.hold(*((tier, 2) for tier in tiers)).status,
        "GET /api/holds": lambda: holder.send("GET", "/api/holds").status,
        "DELETE /api/holds/{id}": lambda: holder.send("DELETE", f"/api/holds/{held}").status,
    }
