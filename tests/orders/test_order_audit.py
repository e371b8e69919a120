"""FindOrderMismatches: nothing for orders as they are sold, a row for each planted mismatch; anonymised orders."""

from __future__ import annotations

from typing import Any

import pytest

from tests.orders.shop import Buyer, Shop


def problems(shop: Shop) -> list[str]:
    return [row["problem"] for row in shop.services.orders.purchases.find_mismatches.execute()]


def test_sold_refunded_and_transferred_tickets_agree(shop: Shop, buyer: Buyer) -> None:
    (tier,) = shop.event().tiers
    order = buyer.order((tier, 3)).json
    first, second, _ = [ticket["code"] for ticket in order["tickets"]]
    shop.api.admin("POST", f"/orders/{order['id']}/refund", json={"tickets": [first]})
    buyer.send("POST", f"/api/tickets/{second}/transfer", json={"email": "bob@example.org"})
    cancelled = buyer.order((tier, 1)).json["id"]
    buyer.send("POST", f"/api/orders/{cancelled}/cancel")
    buyer.order((tier, 1), paymentToken="tok_decline")
    buyer.order((tier, 1), paymentToken="tok_late")

    assert problems(shop) == []
    assert shop.services.orders.find_mismatches.execute() == []


@pytest.mark.parametrize(
    ("collection", "change", "problem"),
    [
        ("orders", {"$set": {"total": 1}}, "total_of_items"),
        ("orders", {"$set": {"state": "declined"}}, "tickets_of_an_unpaid_order"),
        ("orders", {"$set": {"state": "cancelled"}}, "usable_tickets_of_a_cancelled_order"),
        ("tickets", {"$set": {"state": "transferred"}}, "number_of_tickets"),
        ("tickets", {"$set": {"orderId": "another"}}, "tickets_without_order"),
    ],
)
def test_planted_mismatch_is_found(
    shop: Shop, buyer: Buyer, collection: str, change: dict[str, Any], problem: str
) -> None:
    (tier,) = shop.event().tiers
    buyer.order((tier, 1))

    shop.db[collection].update_one({}, change)

    assert problem in problems(shop)


def test_refund_beyond_the_payment_is_found(shop: Shop, buyer: Buyer) -> None:
    (tier,) = shop.event().tiers
    order = buyer.order((tier, 1)).json["id"]
    buyer.send("POST", f"/api/orders/{order}/cancel")

    shop.db["orders"].update_one({}, {"$set": {"refunds.0.amount": 1001}})

    assert problems(shop) == ["refunded_more_than_paid"]


def test_orders_of_a_deleted_account_stay_without_its_name(shop: Shop, buyer: Buyer) -> None:
    (tier,) = shop.event().tiers
    order = buyer.order((tier, 1)).json
    late = buyer.order((tier, 1), paymentToken="tok_late").json["id"]

    for _ in range(2):
        shop.services.orders.purchases.anonymise.execute(buyer.id)
    shop.services.orders.purchases.place.clock.advance(seconds=5)  # type: ignore[attr-defined]
    shop.services.orders.purchases.simulated_webhooks.execute()

    for collection in ("orders", "tickets", "letters"):
        assert buyer.email not in str(list(shop.db[collection].find()))
        assert "Ada Lovelace" not in str(list(shop.db[collection].find()))
    stored = shop.db["orders"].find_one({"_id": late})
    assert stored
    # The money that came after the deletion goes back.
    assert stored["state"] == "refunded"
    assert shop.api.admin("POST", "/checkin", json={"code": order["tickets"][0]["code"]}).status == 200
