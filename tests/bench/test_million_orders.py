"""The orders of the measurement of `flask verify`: they add up, and a planted difference among them is found."""

from __future__ import annotations

import pytest

from bench import million_orders
from core.mongo.client import Client
from devdb.replica_set import ReplicaSet
from orders import order_audit_store
from tests import factories
from wiring import Services, build


@pytest.fixture
def filled(replica_set: ReplicaSet, mongo: Client, monkeypatch: pytest.MonkeyPatch) -> Services:
    """Services over 120 orders, which are compared in several ranges."""
    monkeypatch.setattr(order_audit_store, "RANGE", 50)
    settings = factories.settings(replica_set.uri)
    million_orders.fill(mongo[settings.mongodb_database], 120)
    return build(settings, client=mongo)


def problems(services: Services) -> list[str]:
    """Return what `flask verify` names of tiers and orders."""
    of_orders = [row["problem"] for row in services.orders.purchases.find_mismatches.execute()]
    return of_orders + [
        name for row in services.orders.find_mismatches.execute() for name in row if "Recounted" in name
    ]


def test_sample_orders_add_up(filled: Services) -> None:
    assert problems(filled) == []


@pytest.mark.parametrize(
    ("collection", "where", "change", "found"),
    [
        ("event_stock", {"kind": "tier"}, {"$inc": {"taken": 1}}, {"takenRecounted"}),
        ("event_stock", {"kind": "tier"}, {"$inc": {"taken": 1, "held": 1}}, {"takenRecounted", "heldRecounted"}),
        ("orders", {"state": "paid"}, {"$inc": {"total": 1}}, {"total_of_items"}),
        ("orders", {"refunds.0.amount": {"$gt": 0}}, {"$inc": {"refunds.0.amount": 1}}, {"refunded_more_than_paid"}),
        ("tickets", {"state": "valid"}, {"$set": {"state": "transferred"}}, {"number_of_tickets", "takenRecounted"}),
        ("tickets", {"state": "void"}, {"$set": {"state": "valid"}}, {"usable_tickets_of_a_cancelled_order"}),
        ("tickets", {"state": "valid"}, {"$set": {"orderId": "x"}}, {"number_of_tickets", "tickets_without_order"}),
    ],
)
def test_planted_difference_among_many_orders_is_found(
    filled: Services, collection: str, where: dict[str, object], change: dict[str, object], found: set[str]
) -> None:
    assert filled.db[collection].update_one(where, change).modified_count == 1

    assert found <= set(problems(filled))


def test_failed_refund_counts_as_not_repaid(filled: Services) -> None:
    """A second refund in the place of a failed one is right; if the first one has succeeded too, it is not."""
    order = filled.db["orders"].find_one({"state": "cancelled"})
    assert order
    failed = {**order["refunds"][0], "id": "failed", "state": "failed"}
    filled.db["orders"].update_one({"_id": order["_id"]}, {"$push": {"refunds": failed}})
    assert problems(filled) == []

    filled.db["orders"].update_one({"_id": order["_id"]}, {"$set": {"refunds.1.state": "succeeded"}})

    assert problems(filled) == ["refunded_more_than_paid"]


@pytest.mark.parametrize("given", ["--orders=0", "--orders=1000001", "--rate=0", "--rate=51", "--rate=nan"])
def test_options_beyond_their_bounds_are_refused(given: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        million_orders.parse_options([given])

    assert end.value.code == 2
    assert "must be above 0" in capsys.readouterr().err
