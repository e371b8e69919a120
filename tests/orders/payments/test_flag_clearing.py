"""`flask payments clear-flag`: the operator removes the flag of an order, with an audit record."""

from __future__ import annotations

import pytest
from click.testing import Result

from tests.api_client import Answer
from tests.orders.shop import Buyer, Shop


@pytest.fixture
def order(shop: Shop, buyer: Buyer) -> Answer:
    paid = buyer.order((shop.event().tiers[0], 1))
    shop.db["orders"].update_one({}, {"$set": {"flag": "refund_missing"}})
    return paid


def clear(shop: Shop, order_id: str) -> Result:
    return shop.app.test_cli_runner().invoke(args=["payments", "clear-flag", order_id])


def test_flag_is_removed_once_with_an_audit_record(shop: Shop, order: Answer) -> None:
    first = clear(shop, order.json["id"])
    again = clear(shop, order.json["id"])

    assert (first.exit_code, first.output) == (0, "The flag refund_missing was removed.\n")
    assert (again.exit_code, again.output) == (0, "The order has no flag.\n")
    stored = shop.db["orders"].find_one()
    assert stored
    assert (stored["flag"], stored["state"]) == ("", "paid")
    (record,) = shop.db["audit"].find({"about": order.json["id"]})
    assert (record["who"], record["what"]) == ("operator", "order.flag_cleared")
    assert record["before"] == {"flag": "refund_missing"}


@pytest.mark.parametrize("order_id", ["", "x", "0" * 32, '{"$gt": ""}', "\ud800"])
def test_unknown_order_is_reported(shop: Shop, order: Answer, order_id: str) -> None:
    done = clear(shop, order_id)

    assert (done.exit_code, done.output) == (1, "Error: There is no such order.\n")
    assert shop.db["orders"].count_documents({"flag": "refund_missing"}) == 1


def test_removed_flag_shows_a_failed_refund_behind_it(shop: Shop, order: Answer) -> None:
    failed = {"id": "r", "paymentId": "p", "amount": 5, "state": "failed", "dueAt": None, "attempts": 1, "failures": 4}
    shop.db["orders"].update_one({}, {"$set": {"refunds": [failed]}})

    flags = []
    for _ in range(2):
        assert clear(shop, order.json["id"]).exit_code == 0
        flags += shop.db["orders"].distinct("flag")

    assert flags == ["refund_failed", ""]
