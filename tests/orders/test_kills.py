"""kill -9 at each await between hold and e-mail: another process carries the order on, with money, stock and e-mail."""

from __future__ import annotations

import os
import signal
import traceback
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any
from unittest import mock

import pytest
from flask import Flask

import wiring
from app import create_app
from core.config.settings import Settings
from core.mongo import transactions
from core.mongo.client import Client, Db, connect
from core.mongo.dead_processes import app_name, kill_transactions
from core.web.context import runtime_of
from notifications.outbox.model import Message
from orders.payments.simulated import SimulatedGateway
from tests.api_client import Api, over_app
from tests.orders.conftest import ManualClock
from tests.orders.shop import Buyer, Shop, TierPlan

# More awaits than there are: the last run survives.
MOST_POINTS = 40
KEY = "the-same-key"


@dataclass
class Deaths:
    """Ends this process at its await number `last`."""

    last: int
    passed: int = 0

    def wait(self) -> None:
        if self.passed == self.last:
            os.kill(os.getpid(), signal.SIGKILL)
        self.passed += 1

    def around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return `function` with an await before and after it."""

        def called(*args: Any, **options: Any) -> Any:
            self.wait()
            result = function(*args, **options)
            self.wait()
            return result

        return called


@dataclass
class StoredMail:
    """A mail provider in the database; it delivers a key once."""

    db: Db

    def send(self, message: Message) -> str:
        self.db["delivered"].update_one({"_id": message.key}, {"$inc": {"count": 1}}, upsert=True)
        return message.key


@pytest.fixture
def kill_shop(
    make_app: Callable[..., Flask], mongo: Client, make_database: Callable[[], str], clock: ManualClock
) -> Shop:
    name = make_database()
    mail = StoredMail(mongo[name])
    return Shop(make_app(clock=clock, mailer=mail, MONGODB_DATABASE=name, ACCESS_TOKEN_SECONDS="86400"))


def buy_and_die(settings: Settings, buyer: Buyer, body: dict[str, Any], last: int) -> None:
    """Place an order and send its e-mails in this process, which dies at await number `last`."""
    client = connect(settings.mongodb_uri, app_name())
    mail = StoredMail(client[settings.mongodb_database])
    app = create_app(settings, client=client, mailer=mail)
    deaths = Deaths(last)
    places = (
        (transactions, "_attempt"),
        (transactions, "_commit"),
        (SimulatedGateway, "authorise"),
        (StoredMail, "send"),
    )
    with ExitStack() as patches:
        for owner, name in places:
            patches.enter_context(mock.patch.object(owner, name, deaths.around(getattr(owner, name))))
        placed = order(Buyer(Api(over_app(app)), buyer.token, buyer.id, buyer.email), body)
        assert placed.status == 201, placed.body
        runtime_of(app).get(wiring.Services).worker.send_all_due()


def order(buyer: Buyer, body: dict[str, Any]) -> Any:
    return buyer.send("POST", "/api/orders", json=body, headers={"Idempotency-Key": KEY})


def was_killed(mongo: Client, settings: Settings, buyer: Buyer, body: dict[str, Any], last: int) -> bool:
    """Return whether a process of its own died at await number `last`."""
    child = os.fork()
    if not child:
        try:
            buy_and_die(settings, buyer, body, last)
            os._exit(0)
        finally:
            traceback.print_exc()
            os._exit(1)
    status = os.waitpid(child, 0)[1]
    kill_transactions(mongo, app_name(child))  # as gunicorn's master does when a worker dies
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


def recover(shop: Shop, clock: ManualClock) -> None:
    """Let the next process carry on after a minute, with what its scheduler and its worker do."""
    clock.advance(seconds=60)
    purchases = shop.services.orders.purchases
    purchases.reconcile.execute()
    purchases.refunds.execute()
    clock.advance(seconds=600)
    shop.services.orders.holds.expire.execute()
    purchases.expire.execute()
    clock.advance(seconds=600)
    shop.services.worker.send_all_due()


def check(shop: Shop, tier_id: str) -> str:
    """Return the state of the order; fail if money, stock, tickets or e-mails differ."""
    orders = list(shop.db["orders"].find())
    assert len(orders) <= 1
    paid = [each for each in orders if each["state"] == "paid"]
    assert [each["state"] for each in orders] == ["paid"] * len(paid)
    assert shop.stock(tier_id) == (2 * len(paid), 0)
    assert shop.db["tickets"].count_documents({"state": "valid"}) == 2 * len(paid)
    money = sum(row["amount"] for row in shop.db["simulated_payments"].find({"state": "succeeded"}))
    assert money == sum(each["total"] for each in paid)
    written = [letter["_id"] for letter in shop.db["letters"].find()]
    assert written == [f"{each['_id']}-paid" for each in paid]
    assert {row["_id"] for row in shop.db["delivered"].find()} == set(written)
    return "paid" if paid else ""


@pytest.mark.parametrize("source", ["items", "hold"])
def test_order_killed_at_each_await_ends_right(kill_shop: Shop, clock: ManualClock, source: str) -> None:
    reached: list[str] = []
    for last in range(MOST_POINTS):
        (tier,) = kill_shop.event(TierPlan(capacity=5)).tiers
        buyer = kill_shop.buyer()
        body: dict[str, Any] = {"paymentToken": "tok_approve", "items": [{"tierId": tier.id, "quantity": 2}]}
        if source == "hold":
            body = {"paymentToken": "tok_approve", "holdId": buyer.hold((tier, 2)).json["id"]}
        killed = was_killed(kill_shop.services.client, kill_shop.services.settings, buyer, body, last)

        recover(kill_shop, clock)

        reached.append(check(kill_shop, tier.id))
        if not killed:
            break
        for name in ("orders", "tickets", "letters", "delivered", "simulated_payments", "holds"):
            kill_shop.db[name].delete_many({})
    assert reached.count("paid") > 8
    assert reached[0] == ""
