"""Orders with transferred tickets: these belong to their new holders, so the buyer cannot cancel the order."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.api_client import Answer
from tests.orders.shop import Buyer, Shop


def transfer(holder: Buyer, code: str, email: str) -> Answer:
    return holder.send("POST", f"/api/tickets/{code}/transfer", json={"email": email})


def cancel(buyer: Buyer, order: Answer) -> Answer:
    return buyer.send("POST", f"/api/orders/{order.json['id']}/cancel")


def held(buyer: Buyer) -> list[str]:
    return [ticket["status"] for ticket in buyer.send("GET", "/api/tickets").json["data"]]


@pytest.fixture
def bob(shop: Shop) -> Buyer:
    return shop.buyer("Bob")


@pytest.fixture
def order(shop: Shop, buyer: Buyer) -> Answer:
    """Two tickets of one order."""
    return buyer.order((shop.event().tiers[0], 2))


def test_order_with_a_transferred_ticket_is_not_cancelled(shop: Shop, buyer: Buyer, bob: Buyer, order: Answer) -> None:
    transfer(buyer, order.json["tickets"][0]["code"], bob.email)

    refused = cancel(buyer, order)

    assert (refused.status, refused.code) == (409, "tickets_transferred")
    assert held(bob) == ["valid"]
    assert shop.db["simulated_payments"].count_documents({"refunds.0": {"$exists": True}}) == 0
    shop.verify()


def test_ticket_that_waits_for_an_address_belongs_to_another(buyer: Buyer, order: Answer) -> None:
    transfer(buyer, order.json["tickets"][0]["code"], "eve@example.org")

    assert cancel(buyer, order).code == "tickets_transferred"


def test_ticket_that_came_back_to_the_buyer_does_not_prevent_it(buyer: Buyer, bob: Buyer, order: Answer) -> None:
    given = transfer(buyer, order.json["tickets"][0]["code"], bob.email).json["code"]
    transfer(bob, given, buyer.email)

    assert cancel(buyer, order).json["status"] == "CANCELLED"


def test_back_office_refunds_a_transferred_ticket(shop: Shop, buyer: Buyer, bob: Buyer, order: Answer) -> None:
    code = transfer(buyer, order.json["tickets"][0]["code"], bob.email).json["code"]

    refunded = shop.api.admin("POST", f"/orders/{order.json['id']}/refund", json={"tickets": [code]})

    assert refunded.json["refund"] == {"status": "succeeded", "amount": "10.00"}
    assert held(bob) == ["void"]
    assert cancel(buyer, order).json["status"] == "CANCELLED"
    shop.verify()


def test_transfer_and_cancellation_at_once_agree(shop: Shop, buyer: Buyer, bob: Buyer) -> None:
    (tier,) = shop.event().tiers
    for _ in range(6):
        order = buyer.order((tier, 1))
        calls: list[Callable[[], Answer]] = [
            lambda order=order: cancel(buyer, order),  # type: ignore[misc]
            lambda order=order: transfer(buyer, order.json["tickets"][0]["code"], bob.email),  # type: ignore[misc]
        ]

        with ThreadPoolExecutor(2) as pool:
            cancelled, transferred = pool.map(lambda call: call(), calls)

        assert [cancelled.status, transferred.status] in ([200, 409], [409, 200], [200, 404])
        shop.verify()


def test_control_without_the_check_the_new_holder_loses_the_ticket(
    buyer: Buyer, bob: Buyer, order: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    transfer(buyer, order.json["tickets"][0]["code"], bob.email)
    monkeypatch.setattr("orders.cancellation.is_transferred", lambda *_: False)

    assert cancel(buyer, order).status == 200
    assert held(bob) == ["void"]
