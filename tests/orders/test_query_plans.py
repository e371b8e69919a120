"""Plans of the periodic and keyed queries of orders: each reads an index."""

from __future__ import annotations

from collections.abc import Iterator

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


def test_queries_of_orders_and_payments_read_an_index(shop: Shop, heard: Db, plans: Plans) -> None:
    orders = OrderStore(heard)
    orders.by_keys(["a"])
    orders.forget_keys(shop.now)
    orders.forget_keys(shop.now, "a")
    orders.with_due_refunds(shop.now, 10)
    orders.expired(shop.now, 10)
    orders.first_deadline()
    orders.unattended(shop.now, 10)
    list(orders.expired_since(shop.now))
    payments = PaymentOrders(heard)
    payments.queued(1)
    payments.id_of_payment("pay_1")
    list(payments.paid_between(shop.now, shop.now, "simulated"))
    SimulatedPayments(heard).take_due(shop.now)
    list(SimulatedPayments(heard).since(shop.now))

    assert len(plans.filters) == 13
    for collection, wanted in plans.filters:
        plan = shop.db[collection].find(wanted).explain()["queryPlanner"]["winningPlan"]
        assert "COLLSCAN" not in str(plan), (collection, wanted)
