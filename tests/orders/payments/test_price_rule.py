"""Prices that Stripe cannot take exactly: refused by the editor of events, not at the payment."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from core.clock import iso
from tests.api_client import Answer
from tests.orders.payments.stripe_shop import StripeShop
from tests.orders.shop import Shop


def create(shop: Shop, currency: str, price: str) -> Answer:
    tier = {"code": "GA", "name": "General", "price": price, "capacity": 5}
    event = {
        "title": "Concert", "description": "", "date": iso(shop.now + timedelta(days=9)), "venue": "Hall",
        "currency": currency, "tiers": [tier],
    }  # fmt: skip
    return shop.api.admin("POST", "/events", json=event)


@pytest.mark.parametrize(
    ("currency", "price", "status"),
    [
        ("KWD", "1.005", 400), ("KWD", "1.010", 201), ("KWD", "0.000", 201), ("BHD", "2.001", 400), ("JPY", "7", 201),
        ("MGA", "1.05", 400), ("MGA", "1.00", 201), ("ISK", "5", 201), ("EUR", "0.01", 201),
    ],
)  # fmt: skip
def test_event_is_created_with_payable_prices_only(
    stripe_shop: StripeShop, currency: str, price: str, status: int
) -> None:
    answer = create(stripe_shop, currency, price)

    assert answer.status == status
    if status == 400:
        (reason,) = answer.json["errors"]["tiers"]
        assert f"GA, {price} {currency}" in reason
        assert stripe_shop.db["events"].count_documents({}) == 0


def test_tier_is_added_and_priced_with_payable_prices_only(stripe_shop: StripeShop) -> None:
    event = create(stripe_shop, "KWD", "1.010").json
    path = f"/events/{event['id']}"
    tier_id = event["tiers"][0]["id"]
    refused: list[dict[str, Any]] = [
        {"tiers": [{"id": tier_id, "price": "1.011"}]},
        {"tiers": [{"code": "B", "name": "B", "price": "0.001", "capacity": 1}]},
    ]

    for change in refused:
        answer = stripe_shop.api.admin("PATCH", path, json=change)
        assert (answer.status, list(answer.json["errors"])) == (400, ["tiers"])
    changed = stripe_shop.api.admin("PATCH", path, json={"tiers": [{"id": tier_id, "price": "1.020"}]})
    assert changed.status == 200


def test_other_changes_of_an_event_keep_an_old_price(stripe_shop: StripeShop) -> None:
    event = create(stripe_shop, "KWD", "1.010").json
    stripe_shop.db["event_stock"].update_many({"kind": "tier"}, {"$set": {"price": 1011}})

    changed = stripe_shop.api.admin("PATCH", f"/events/{event['id']}", json={"title": "Renamed"})

    assert (changed.status, changed.json["tiers"][0]["price"]) == (200, "1.011")


def test_simulated_provider_takes_every_price(shop: Shop) -> None:
    assert create(shop, "KWD", "1.005").status == 201
