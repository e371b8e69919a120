"""The stored data about the tickets of a signed-in account."""

from __future__ import annotations

from tests.orders.shop import Buyer, Shop, TierPlan


def test_own_data_has_holds_orders_and_tickets(shop: Shop, buyer: Buyer) -> None:
    tier = shop.event(TierPlan("VIP", 5000)).tiers[0]
    order = buyer.order((tier, 2)).json
    held = buyer.hold((tier, 1)).json

    data = buyer.send("GET", "/api/me/data").json

    assert [row["id"] for row in data["holds"]] == [held["id"]]
    (found,) = data["orders"]
    assert {name: found[name] for name in order} == order
    assert (found["name"], found["email"], found["items"][0]["quantity"]) == ("Ada Lovelace", buyer.email, 2)
    assert [ticket["code"] for ticket in data["tickets"]] == [ticket["code"] for ticket in order["tickets"]]
    assert {ticket["holderEmail"] for ticket in data["tickets"]} == {buyer.email}


def test_own_data_has_nothing_of_other_accounts(shop: Shop, buyer: Buyer) -> None:
    tier = shop.event().tiers[0]
    buyer.order((tier, 2))
    buyer.hold((tier, 1))

    data = shop.buyer("Bob").send("GET", "/api/me/data").json

    assert [data[kind] for kind in ("reservations", "holds", "orders", "tickets")] == [[], [], [], []]


def test_own_data_of_a_transferred_ticket_is_the_recipients(shop: Shop, buyer: Buyer) -> None:
    bob = shop.buyer("Bob")
    code = buyer.order((shop.event().tiers[0], 1)).json["tickets"][0]["code"]
    received = buyer.send("POST", f"/api/tickets/{code}/transfer", json={"email": bob.email}).json["code"]

    mine = buyer.send("GET", "/api/me/data")

    assert mine.json["tickets"] == []
    assert received not in mine.body.decode()
    (ticket,) = bob.send("GET", "/api/me/data").json["tickets"]
    assert (ticket["code"], ticket["holderName"]) == (received, "Bob")


def test_own_data_has_no_key_and_no_payment(shop: Shop, buyer: Buyer) -> None:
    buyer.order((shop.event().tiers[0], 1), key="my-key")

    body = buyer.send("GET", "/api/me/data").body.decode()

    assert "my-key" not in body
    assert "tok_approve" not in body
