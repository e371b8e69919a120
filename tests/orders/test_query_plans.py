"""Plans of the periodic and keyed queries of orders: each reads an index."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from pymongo import MongoClient, monitoring

from core.mongo.client import Client, Db, Document
from devdb.replica_set import ReplicaSet
from orders.payment_order_store import PaymentOrders
from orders.payments.simulated_store import SimulatedPayments
from orders.store import OrderStore
from tests.orders.shop import Buyer, Shop


class Plans(monitoring.CommandListener):
    """Records the filters of finds and updates."""

    def __init__(self) -> None:
        self.filters: list[tuple[str, Document]] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        command = event.command
        if event.command_name == "find":
            self.filters.append((command["find"], command["filter"]))
        if event.command_name == "findAndModify":
            self.filters.append((command["findAndModify"], command["query"]))
        if event.command_name == "update":
            self.filters += [(command["update"], update["q"]) for update in command["updates"]]

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        pass

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        pass


@pytest.fixture
def plans() -> Plans:
    return Plans()


@pytest.fixture
def heard(replica_set: ReplicaSet, shop: Shop, buyer: Buyer, plans: Plans) -> Iterator[Db]:
    (tier,) = shop.event().tiers
    buyer.order((tier, 1))
    client: Client = MongoClient(replica_set.uri, tz_aware=True, event_listeners=[plans])
    yield client[shop.db.name]
    client.close()


def examined(shop: Shop, wanted: Document, sort: str = "") -> int:
    """Return how many keys and orders a query reads."""
    cursor = shop.db["orders"].find(wanted).limit(10)
    if sort:
        cursor = cursor.sort(sort, 1)
    stats = cursor.explain()["executionStats"]
    return int(stats["totalKeysExamined"]) + int(stats["totalDocsExamined"])


def queue(shop: Shop, count: int) -> str:
    """Store open orders that queue beyond their deadline; return the id of their stock."""
    order = shop.db["orders"].find_one()
    assert order
    fields = {"open": True, "state": "held", "queuedAt": shop.now, "key": None}
    shop.db["orders"].insert_many([{**order, **fields, "_id": str(number)} for number in range(count)])
    return str(order["lines"][0]["stockId"])


def test_queries_of_running_orders_read_no_queued_one(shop: Shop, heard: Db, plans: Plans) -> None:
    stock_id = queue(shop, 200)
    late = shop.now + timedelta(days=1)
    orders = OrderStore(heard)
    assert orders.expired(late, 10) == orders.expired_of([stock_id], late, 10) == orders.unattended(late, 10) == []
    assert orders.first_deadline() is None
    assert orders.next_expiry(stock_id) is None

    assert len(plans.filters) == 5
    for (_, wanted), sort in zip(plans.filters, ("holdUntil", "", "", "holdUntil", "holdUntil"), strict=True):
        assert examined(shop, wanted, sort) < 10, wanted


def test_control_index_without_the_queue_reads_all_queued_orders(shop: Shop, heard: Db, plans: Plans) -> None:
    queue(shop, 200)
    for name in ("by_lease", "by_deadline"):
        shop.db["orders"].drop_index(name)
    shop.db["orders"].create_index("busyUntil", partialFilterExpression={"open": True})

    assert OrderStore(heard).unattended(shop.now + timedelta(days=1), 10) == []
    assert examined(shop, plans.filters[0][1]) >= 200


def test_queries_of_orders_and_payments_read_an_index(shop: Shop, heard: Db, plans: Plans) -> None:
    orders = OrderStore(heard)
    orders.by_keys(["a"])
    orders.forget_keys(shop.now)
    orders.forget_keys(shop.now, "a")
    orders.with_due_refunds(shop.now, 10)
    orders.expired(shop.now, 10)
    orders.first_deadline()
    orders.unattended(shop.now, 10)
    payments = PaymentOrders(heard)
    list(payments.expired_since(shop.now))
    payments.queued(1)
    payments.id_of_payment("pay_1")
    list(payments.paid_between(shop.now, shop.now, "simulated"))
    SimulatedPayments(heard).take_due(shop.now)
    list(SimulatedPayments(heard).since(shop.now))

    assert len(plans.filters) == 13
    for collection, wanted in plans.filters:
        plan = shop.db[collection].find(wanted).explain()["queryPlanner"]["winningPlan"]
        assert "COLLSCAN" not in str(plan), (collection, wanted)
