"""Anonymisation of orders: by deletion of the account, by `flask erase` and by `flask retain`."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from orders.order_change import OrderChange, changed
from orders.store import OrderStore
from tests.orders.shop import Buyer, Shop

KEPT = ("items", "total", "currency", "createdAt", "paidAt", "state", "paymentId")


def stored(shop: Shop) -> dict[str, Any]:
    order = shop.db["orders"].find_one()
    assert order
    return order


def run(shop: Shop, *arguments: str) -> str:
    done = shop.app.test_cli_runner().invoke(args=list(arguments))
    assert done.exit_code == 0, done.output
    return done.output


def text_of(shop: Shop) -> str:
    """Return all rows about orders as text."""
    return "".join(str(list(shop.db[name].find())) for name in ("orders", "tickets", "letters"))


def test_erased_person_leaves_orders_without_a_name(shop: Shop, buyer: Buyer) -> None:
    buyer.order((shop.event().tiers[0], 2))
    before = stored(shop)

    output = run(shop, "erase", "--email", buyer.email)

    assert "1 orders anonymised, with their tickets." in output
    assert {name: stored(shop)[name] for name in KEPT} == {name: before[name] for name in KEPT}
    assert buyer.email not in text_of(shop)
    assert "Ada" not in text_of(shop)
    assert shop.db["letters"].count_documents({}) == 0
    assert shop.db["tickets"].count_documents({"state": "valid"}) == 2
    assert "orders anonymised" not in run(shop, "erase", "--email", buyer.email)


def test_erased_address_without_an_account_names_no_ticket(shop: Shop, buyer: Buyer) -> None:
    code = buyer.order((shop.event().tiers[0], 1)).json["tickets"][0]["code"]
    assert buyer.send("POST", f"/api/tickets/{code}/transfer", json={"email": "eve@example.org"}).status == 200

    run(shop, "erase", "--email", "eve@example.org")

    assert "eve@example.org" not in text_of(shop)
    assert stored(shop)["email"] == buyer.email


def test_erasure_that_broke_off_is_continued(shop: Shop, buyer: Buyer, monkeypatch: pytest.MonkeyPatch) -> None:
    buyer.order((shop.event().tiers[0], 1))

    def fail(*_: Any) -> None:
        raise ConnectionError

    with monkeypatch.context() as patched:
        patched.setattr(OrderStore, "anonymise", fail)
        assert shop.app.test_cli_runner().invoke(args=["erase", "--email", buyer.email]).exit_code != 0
    assert stored(shop)["email"] == buyer.email

    run(shop, "erase", "--email", buyer.email)

    assert buyer.email not in text_of(shop)


def test_retention_counts_from_the_last_event_of_an_order(shop: Shop, buyer: Buyer, clock: Any) -> None:
    early = shop.event()
    late = shop.event(date=shop.now + timedelta(days=60))
    buyer.order((early.tiers[0], 1), (late.tiers[0], 1))

    clock.advance(days=80)
    assert "orders anonymised" not in run(shop, "retain", "--days", "30")
    assert stored(shop)["email"] == buyer.email

    clock.advance(days=11)
    assert "1 orders anonymised, with their tickets." in run(shop, "retain", "--days", "30")
    assert buyer.email not in text_of(shop)
    assert "orders anonymised" not in run(shop, "retain", "--days", "30")


def test_retention_anonymises_transferred_tickets(shop: Shop, buyer: Buyer, clock: Any) -> None:
    bob = shop.buyer("Bob")
    code = buyer.order((shop.event().tiers[0], 1)).json["tickets"][0]["code"]
    buyer.send("POST", f"/api/tickets/{code}/transfer", json={"email": bob.email})
    clock.advance(days=70)

    run(shop, "retain", "--days", "30")

    assert bob.email not in text_of(shop)


def change_during(shop: Shop) -> list[str]:
    """Change an order that was read before its anonymisation; return the name at each decision."""
    purchases = shop.services.orders.purchases
    order = purchases.change.orders.get(stored(shop)["_id"])
    decided: list[str] = []

    def decide(present: Any) -> OrderChange:
        if not decided:
            purchases.anonymise.execute(order.account_id)
        decided.append(present.name)
        return OrderChange(before=present, after=changed(present, flag="seen"))

    purchases.change.execute(order.id, decide)
    assert stored(shop)["flag"] == "seen"
    return decided


def test_change_begun_before_anonymisation_is_decided_again(shop: Shop, buyer: Buyer) -> None:
    buyer.order((shop.event().tiers[0], 1))
    name = stored(shop)["name"]

    assert change_during(shop) == [name, ""]
    assert (stored(shop)["name"], stored(shop)["email"]) == ("", "")


def test_control_change_of_an_anonymised_order_has_the_name(
    shop: Shop, buyer: Buyer, monkeypatch: pytest.MonkeyPatch
) -> None:
    buyer.order((shop.event().tiers[0], 1))
    name = stored(shop)["name"]

    def anonymise(store: OrderStore, order_ids: Any) -> None:
        change = {"$set": {"name": "", "email": ""}}
        shop.db["orders"].update_many({"_id": {"$in": list(order_ids)}}, change)

    monkeypatch.setattr(OrderStore, "anonymise", anonymise)

    assert change_during(shop) == [name]
