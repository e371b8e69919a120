"""PAYMENT_RATE: orders queue for the provider, their holds do not end meanwhile, and any worker carries it on."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from core.mongo.client import Db
from events.model import Tier
from orders.expiry import ExpireOrders
from orders.payment_queue import ADMISSION_MAX_WAIT
from orders.payments.throttle_store import PaymentThrottle
from orders.purchase_wiring import periodic_tasks
from orders.store import RUNNING
from tests.api_client import Answer
from tests.fake_stripe.ledger import DECLINED
from tests.fake_stripe.server import FakeStripe, Fault
from tests.orders.conftest import ManualClock
from tests.orders.payments.conftest import MakeShop
from tests.orders.payments.stripe_shop import StripeShop
from tests.orders.shop import Buyer, TierPlan


@pytest.fixture
def shop(make_stripe_shop: MakeShop, clock: ManualClock) -> StripeShop:
    """A shop with a turn every two seconds; waiting moves its clock."""
    return with_sleep(make_stripe_shop(PAYMENT_RATE="0.5"), clock)


def with_sleep(shop: StripeShop, clock: ManualClock) -> StripeShop:
    object.__setattr__(shop.purchases.queue, "sleep", lambda seconds: clock.advance(seconds=seconds))
    return shop


def buy_later(shop: StripeShop, buyer: Buyer, tier: Tier, clock: ManualClock) -> Answer:
    """Buy a ticket a millisecond later, because ids are in order of milliseconds."""
    clock.advance(milliseconds=1)
    return shop.buy(buyer, tier)


@pytest.fixture
def buyer(shop: StripeShop) -> Buyer:
    return shop.buyer()


def test_times_are_the_interval_apart_for_all_workers(db: Db, clock: ManualClock) -> None:
    workers = [PaymentThrottle(db, 25), PaymentThrottle(db, 25)]

    times = [workers[number % 2].reserve(clock(), ADMISSION_MAX_WAIT) for number in range(30)]

    given = [turn for turn in times if turn]
    assert given == [clock() + timedelta(milliseconds=40 * number) for number in range(26)]
    assert workers[0].reserve(clock() + timedelta(seconds=2), ADMISSION_MAX_WAIT) == clock() + timedelta(seconds=2)


def test_unlimited_rate_writes_nothing_and_keeps_to_a_pause(db: Db, clock: ManualClock) -> None:
    throttle = PaymentThrottle(db, 0)
    now = clock()

    times = [throttle.reserve(now, ADMISSION_MAX_WAIT) for _ in range(3)]
    written = throttle.next_turn()
    throttle.pause(now + timedelta(seconds=5))

    assert (times, written) == ([now] * 3, None)
    assert throttle.reserve(now, ADMISSION_MAX_WAIT) is None
    assert throttle.reserve(now + timedelta(seconds=4.5), ADMISSION_MAX_WAIT) == now + timedelta(seconds=5)


def test_first_time_is_given_although_another_worker_inserts_the_row(
    db: Db, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    throttle = PaymentThrottle(db, 25)
    collection = type(throttle._rows)
    update_one = collection.update_one

    def late(self: Any, *args: Any, **options: Any) -> Any:
        update_one(self, {"_id": "payments"}, {"$setOnInsert": {"nextAt": clock()}}, upsert=True)
        return update_one(self, *args, **options)

    monkeypatch.setattr(collection, "update_one", late)

    assert throttle.reserve(clock(), ADMISSION_MAX_WAIT) == clock()


def test_concurrent_times_of_two_workers_are_all_different(db: Db, clock: ManualClock) -> None:
    times: list[datetime | None] = []

    def run() -> None:
        throttle = PaymentThrottle(db, 100)
        times.extend([throttle.reserve(clock(), ADMISSION_MAX_WAIT) for _ in range(10)])

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    given = [turn for turn in times if turn]
    assert len(given) == len(set(given)) == 40


def test_orders_beyond_the_rate_queue_with_position_and_time(
    shop: StripeShop, buyer: Buyer, clock: ManualClock
) -> None:
    (tier,) = shop.event().tiers
    assert shop.buy(buyer, tier).status == 201

    first, second, third = [buy_later(shop, buyer, tier, clock) for _ in range(3)]

    assert {(order.status, order.json["status"]) for order in (first, second, third)} == {(202, "PENDING")}
    places = [order.json["queue"] for order in (first, second, third)]
    assert places == [
        {"position": 1, "etaSeconds": 2},
        {"position": 2, "etaSeconds": 4},
        {"position": 3, "etaSeconds": 6},
    ]
    assert len(shop.fake.posts("/v1/payment_intents")) == 1
    clock.advance(seconds=2)
    assert shop.purchases.pay_queued.execute() == 1
    assert [shop.state(order) for order in (first, second)] == ["paid", "held"]
    shown = buyer.send("GET", f"/api/orders/{second.json['id']}").json
    assert shown["queue"] == {"position": 1, "etaSeconds": 2}
    assert "queue" not in buyer.send("GET", f"/api/orders/{first.json['id']}").json


def test_rush_is_paid_at_the_rate_and_never_faster(shop: StripeShop, buyer: Buyer, clock: ManualClock) -> None:
    (tier,) = shop.event(TierPlan(capacity=20)).tiers
    times: list[datetime] = []
    answer = shop.fake.answer

    def timed(method: str, path: str, *request: Any) -> Any:
        if method == "POST":
            times.append(clock())
        return answer(method, path, *request)

    shop.fake.answer = timed  # type: ignore[assignment,method-assign]
    orders = [shop.buy(buyer, tier) for _ in range(8)]
    for _ in range(8):
        clock.advance(seconds=2)
        shop.purchases.pay_queued.execute()

    assert [shop.state(order) for order in orders] == ["paid"] * 8
    gaps = [after - before for before, after in pairwise(times)]
    assert min(gaps) >= timedelta(seconds=2)
    shop.check()


def test_control_without_throttle_a_rush_is_faster(make_stripe_shop: MakeShop, fake: FakeStripe) -> None:
    shop = make_stripe_shop(PAYMENT_RATE="0")
    (tier,) = shop.event().tiers

    assert {shop.buy(shop.buyer(), tier).status for _ in range(4)} == {201}
    assert len(fake.posts("/v1/payment_intents")) == 4


def test_hold_of_a_queued_order_does_not_end(shop: StripeShop, buyer: Buyer, clock: ManualClock) -> None:
    (tier,) = shop.event(TierPlan(capacity=2)).tiers
    shop.buy(buyer, tier)
    queued = shop.buy(buyer, tier)
    clock.advance(hours=2)

    shop.purchases.expire.execute()
    other = shop.buyer().order((tier, 1), paymentToken="pm_card_visa")
    shown = buyer.send("GET", f"/api/orders/{queued.json['id']}").json

    assert other.code == "insufficient_stock"
    assert shown["holdUntil"] == (clock() + timedelta(seconds=600)).isoformat(timespec="milliseconds").replace(
        "+00:00", "Z"
    )
    assert shop.purchases.pay_queued.execute() == 1
    assert shop.state(queued) == "paid"
    shop.check()


def test_hold_of_an_unanswered_queued_order_lasts_what_was_left(
    shop: StripeShop, buyer: Buyer, clock: ManualClock
) -> None:
    (tier,) = shop.event().tiers
    shop.buy(buyer, tier)
    queued = shop.buy(buyer, tier)
    clock.advance(hours=2)
    shop.fake.faults.append(Fault.CUT_BEFORE)
    shop.purchases.pay_queued.execute()

    clock.advance(seconds=599)
    assert shop.purchases.expire.execute() == 0
    clock.advance(seconds=1)
    assert shop.purchases.expire.execute() == 1
    assert shop.state(queued) == "expired"


def test_hold_of_a_declined_queued_order_lasts_what_was_left(
    shop: StripeShop, buyer: Buyer, clock: ManualClock
) -> None:
    (tier,) = shop.event().tiers
    shop.buy(shop.buyer(), tier)
    hold_id = buyer.hold((tier, 1)).json["id"]
    queued = buyer.order(holdId=hold_id, paymentToken=DECLINED)
    assert queued.status == 202
    clock.advance(hours=2)

    shop.purchases.pay_queued.execute()
    assert shop.state(queued) == "declined"
    clock.advance(seconds=10)

    again = buyer.order(holdId=hold_id, paymentToken="pm_card_visa")
    assert again.status == 201
    shop.check()


def test_control_clock_that_runs_on_ends_a_queued_order(
    shop: StripeShop, buyer: Buyer, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tier,) = shop.event().tiers
    shop.buy(buyer, tier)
    queued = shop.buy(buyer, tier)
    monkeypatch.delitem(RUNNING, "queuedAt")
    clock.advance(seconds=601)

    ExpireOrders.execute(shop.purchases.expire)

    assert shop.state(queued) == "expired"


def test_queued_order_of_a_cancelled_event_takes_no_money(shop: StripeShop, buyer: Buyer, clock: ManualClock) -> None:
    event = shop.event()
    (tier,) = event.tiers
    shop.buy(buyer, tier)
    queued = shop.buy(buyer, tier)
    shop.db["events"].update_one({"_id": event.id}, {"$set": {"status": "cancelled"}})
    clock.advance(seconds=2)

    assert shop.purchases.pay_queued.execute() == 1

    assert shop.state(queued) == "expired"
    assert len(shop.fake.posts("/v1/payment_intents")) == 1
    assert shop.stock(tier.id) == (1, 0)


def test_order_queued_before_the_rate_was_removed_is_paid(shop: StripeShop, buyer: Buyer, clock: ManualClock) -> None:
    (tier,) = shop.event().tiers
    shop.buy(buyer, tier)
    queued = shop.buy(buyer, tier)

    object.__setattr__(shop.purchases.queue, "throttle", None)
    tasks = {task.name: task for task in periodic_tasks(shop.purchases, clock)}

    assert tasks["queued_payments"].run == shop.purchases.pay_queued.start
    assert shop.purchases.pay_queued.execute() == 1
    assert shop.state(queued) == "paid"
    shop.check()


@pytest.mark.parametrize("given", ["nan", "-inf", "soon"])
def test_throttled_payment_with_an_odd_pause_queues(stripe_shop: StripeShop, payer: Buyer, given: str) -> None:
    (tier,) = stripe_shop.event().tiers
    stripe_shop.fake.retry_after = given
    stripe_shop.fake.faults.append(Fault.THROTTLE)

    assert stripe_shop.buy(payer, tier).json["queue"] == {"position": 1, "etaSeconds": 1}


def test_throttled_payment_queues_until_the_provider_is_ready(stripe_shop: StripeShop, clock: ManualClock) -> None:
    shop = with_sleep(stripe_shop, clock)
    (tier,) = shop.event().tiers
    shop.fake.retry_after = "30"
    shop.fake.faults.append(Fault.THROTTLE)

    throttled = shop.buy(shop.buyer(), tier)
    behind = buy_later(shop, shop.buyer(), tier, clock)

    assert (throttled.status, throttled.json["queue"]) == (202, {"position": 1, "etaSeconds": 30})
    assert behind.json["queue"]["position"] == 2
    clock.advance(seconds=29)
    assert shop.purchases.pay_queued.execute() == 0
    clock.advance(seconds=1)
    assert shop.purchases.pay_queued.execute() == 2
    assert [shop.state(order) for order in (throttled, behind)] == ["paid", "paid"]
    keys = shop.fake.posts("/v1/payment_intents")
    assert keys[0] == keys[1]
    assert shop.fake.ledger.balance() == 2000


def test_queue_of_a_dead_worker_is_carried_on_by_another(
    shop: StripeShop, buyer: Buyer, make_stripe_shop: MakeShop, clock: ManualClock
) -> None:
    (tier,) = shop.event().tiers
    shop.buy(buyer, tier)
    orders = [shop.buy(buyer, tier, key=str(number)) for number in range(3)]
    name = shop.services.settings.mongodb_database
    other = with_sleep(make_stripe_shop(PAYMENT_RATE="0.5", MONGODB_DATABASE=name), clock)

    for _ in range(3):
        clock.advance(seconds=2)
        threads = [threading.Thread(target=worker.purchases.pay_queued.execute) for worker in (shop, other)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert {shop.state(order) for order in orders} == {"paid"}
    assert len(shop.fake.posts("/v1/payment_intents")) == 4
    assert buyer.order((tier, 1), key="0", paymentToken="pm_card_visa").json["status"] == "PAID"
    shop.check()


def test_periodic_task_pays_the_queue_beside_the_others(shop: StripeShop, buyer: Buyer, clock: ManualClock) -> None:
    (tier,) = shop.event().tiers
    shop.buy(buyer, tier)
    queued = shop.buy(buyer, tier)
    clock.advance(seconds=2)
    before = set(threading.enumerate())

    shop.purchases.pay_queued.start()
    for thread in set(threading.enumerate()) - before:
        if thread.name == "queued-payments":
            thread.join()

    assert shop.state(queued) == "paid"
