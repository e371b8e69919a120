"""Search of tickets at the entrance: by the holder's name or the code, for staff too."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.model import Role
from tests.orders.shop import Buyer, Shop, TierPlan


def found(shop: Shop, **query: Any) -> list[str]:
    answer = shop.api.admin("GET", "/checkin", query=query)
    assert answer.status == 200, answer.json
    return [item["name"] for item in answer.json["items"]]


def test_search_finds_words_of_a_name_in_any_order(shop: Shop) -> None:
    (tier,) = shop.event(TierPlan(price=0, capacity=50)).tiers
    (other,) = shop.event(TierPlan(price=0)).tiers
    for name in ("Łukasz Müller", "Ada Lovelace", "Ada O'Neil (jr.)"):
        assert shop.buyer(name).order((tier, 1)).status == 201
    assert shop.buyer("Zoe Muller").order((other, 1)).status == 201

    assert found(shop, q="muller") == ["Łukasz Müller", "Zoe Muller"]
    assert found(shop, q="muller lukasz") == ["Łukasz Müller"]
    assert found(shop, q="muller", eventId=other.event_id) == ["Zoe Muller"]
    assert found(shop, q="(jr.)") == ["Ada O'Neil (jr.)"]
    assert found(shop, q=".*") == []
    assert found(shop, eventId=tier.event_id) == ["Ada Lovelace", "Ada O'Neil (jr.)", "Łukasz Müller"]
    assert found(shop, q="ada", limit=1, page=2) == ["Ada O'Neil (jr.)"]
    answer = shop.api.admin("GET", "/checkin", query={"q": "ada", "limit": 1}).json
    assert (answer["total"], answer["totalPages"], answer["page"], answer["limit"]) == (2, 2, 1, 1)


def test_search_shows_tickets_with_state_and_seat(shop: Shop, buyer: Buyer) -> None:
    (tier,) = shop.event(TierPlan(seats=["A1", "A2", "A3"])).tiers
    codes = [ticket["code"] for ticket in buyer.order((tier, 3)).json["tickets"]]
    assert shop.api.admin("POST", "/checkin", json={"code": codes[0]}).status == 200
    bob = shop.buyer("Bob")
    sent = buyer.send("POST", f"/api/tickets/{codes[1]}/transfer", json={"email": bob.email}).json

    items = shop.api.admin("GET", "/checkin", query={"q": "lovelace"}).json["items"]

    assert [(item["code"], item["seat"], item["status"]) for item in items] == [
        (codes[0], "A1", "checked_in"),
        (codes[2], "A3", "valid"),
    ]
    assert [item["checkedInAt"] is None for item in items] == [False, True]
    assert found(shop, q="bob") == found(shop, q=sent["code"].lower().replace("-", " ")) == ["Bob"]


def test_search_is_for_staff_and_administrators(shop: Shop, buyer: Buyer) -> None:
    assert shop.api.send("GET", "/api/admin/checkin").status == 401
    assert buyer.send("GET", "/api/admin/checkin").status == 403
    assert shop.buyer(role=Role.STAFF).send("GET", "/api/admin/checkin").status == 200


def test_anonymised_ticket_is_not_found_by_name(shop: Shop, buyer: Buyer) -> None:
    (tier,) = shop.event(TierPlan(price=0)).tiers
    buyer.order((tier, 1))

    shop.services.orders.purchases.list_tickets.tickets.anonymise_of(buyer.id)

    assert found(shop, q="lovelace") == []


@pytest.mark.parametrize(
    "query",
    [{"q": "x" * 201}, {"q": "a\x00"}, {"q": ["a", "b"]}, {"x": "1"}, {"limit": "0"}, {"page": "a"},
     {"eventId": "x" * 101}, {"q[$gt]": ""}],
    ids=str,
)  # fmt: skip
def test_search_refuses_invalid_queries(shared_shop: Buyer, query: dict[str, Any]) -> None:
    assert shared_shop.api.admin("GET", "/checkin", query=query).status == 400


def test_search_reads_by_index(shop: Shop) -> None:
    for extra in ({}, {"eventId": "a"}):
        tickets = shop.db["tickets"].find({"nameKey": {"$regex": "ada"}, **extra}).sort([("nameKey", 1), ("_id", 1)])
        assert "COLLSCAN" not in str(tickets.explain()["queryPlanner"]["winningPlan"])
