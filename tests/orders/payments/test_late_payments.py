"""Payments that come late, after a crash, or while the provider is away: tickets or the money back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from inventory.group_commit import GroupCommit
from orders.payment import PayOrder
from orders.payment_settlement import SettlePayment
from orders.payments.gateway import PaymentUnanswered
from orders.payments.stripe import StripeGateway
from orders.payments.webhook import PaymentWebhook
from tests.api_client import Answer
from tests.fake_stripe.ledger import DECLINED
from tests.fake_stripe.server import FakeStripe, Fault
from tests.orders.conftest import ManualClock
from tests.orders.payments.conftest import MakeShop
from tests.orders.payments.stripe_shop import StripeShop
from tests.orders.shop import Buyer, TierPlan

REPETITIONS = 100


def test_late_success_is_applied_exactly_once_in_100_repetitions(
    stripe_shop: StripeShop, payer: Buyer, clock: ManualClock
) -> None:
    (tier,) = stripe_shop.event(TierPlan(capacity=1), TierPlan("B", capacity=REPETITIONS)).tiers[:1]
    free = stripe_shop.event(TierPlan(capacity=REPETITIONS)).tiers[0]
    stripe_shop.fake.faults.extend([Fault.CUT_AFTER] * REPETITIONS)
    wanted = [free, tier]
    late = []
    for number in range(REPETITIONS):
        late.append(stripe_shop.buy(payer, wanted[number % 2]))
        if number % 2:  # The single ticket is free again for the next one, and sold at last.
            clock.advance(seconds=700)
            stripe_shop.purchases.expire.execute()
    assert stripe_shop.buy(payer, tier).status == 201
    events = stripe_shop.fake.take_events()

    stripe_shop.deliver([*events, *reversed(events)])
    stripe_shop.purchases.refunds.execute()
    stripe_shop.purchases.reconcile.execute()
    stripe_shop.deliver()

    states = [stripe_shop.state(order) for order in late]
    assert states == ["paid", "refunded"] * (REPETITIONS // 2)
    assert stripe_shop.emails("order_refunded") == REPETITIONS // 2
    assert stripe_shop.emails("order_paid") == REPETITIONS // 2 + 1
    assert stripe_shop.fake.ledger.balance() == 1000 * (REPETITIONS // 2 + 1)
    stripe_shop.check()


def test_control_late_success_without_memory_gets_tickets_twice(
    stripe_shop: StripeShop, payer: Buyer, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tier,) = stripe_shop.event().tiers
    paid = stripe_shop.buy(payer, tier)
    monkeypatch.setattr("orders.payment_settlement._is_known", lambda *_: False)

    stripe_shop.deliver()
    stripe_shop.purchases.refunds.execute()

    assert stripe_shop.state(paid) == "paid"
    assert stripe_shop.fake.ledger.balance() == 0  # The money of a valid ticket went back.


@pytest.mark.parametrize("is_captured_first", [True, False])
def test_expiry_and_capture_in_both_orders_agree(
    stripe_shop: StripeShop, payer: Buyer, clock: ManualClock, is_captured_first: bool
) -> None:
    (tier,) = stripe_shop.event(TierPlan(capacity=1)).tiers
    stripe_shop.fake.faults.append(Fault.CUT_AFTER)
    order = stripe_shop.buy(payer, tier)
    clock.advance(seconds=600)
    steps: list[Callable[[], object]] = [stripe_shop.deliver, stripe_shop.purchases.expire.execute]
    if not is_captured_first:
        steps.reverse()

    for step in steps:
        step()

    assert stripe_shop.state(order) == "paid"
    assert stripe_shop.stock(tier.id) == (1, 0)
    assert stripe_shop.fake.ledger.balance() == 1000
    stripe_shop.check()


def test_other_card_pays_the_same_hold(stripe_shop: StripeShop, payer: Buyer) -> None:
    (tier,) = stripe_shop.event(TierPlan(capacity=2)).tiers
    hold_id = payer.hold((tier, 2)).json["id"]

    refused = payer.order(holdId=hold_id, paymentToken=DECLINED)
    assert refused.status == 402
    stripe_shop.deliver()
    paid = payer.order(holdId=hold_id, paymentToken="pm_card_visa")
    stripe_shop.deliver()

    assert paid.status == 201
    assert stripe_shop.fake.ledger.balance() == 2000
    stripe_shop.check()


class Killed(BaseException):
    """The process is killed at this step."""


STEPS = [
    (PayOrder, "execute_prepared", "before"),
    (StripeGateway, "authorise", "before"),
    (StripeGateway, "authorise", "after"),
    (SettlePayment, "settle", "before"),
    (SettlePayment, "settle", "after"),
]


@pytest.mark.parametrize("at", STEPS, ids=[f"{step[2]} {step[1]}" for step in STEPS])
def test_order_of_a_killed_process_is_paid_once(
    stripe_shop: StripeShop,
    payer: Buyer,
    clock: ManualClock,
    monkeypatch: pytest.MonkeyPatch,
    at: tuple[type, str, str],
) -> None:
    owner, name, when = at
    (tier,) = stripe_shop.event().tiers
    step = getattr(owner, name)

    def killed(*arguments: Any, **options: Any) -> Any:
        if when == "after":
            step(*arguments, **options)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(owner, name, killed)
        with pytest.raises(Killed):
            stripe_shop.buy(payer, tier, key="k")
    clock.advance(seconds=21)

    stripe_shop.purchases.reconcile.execute()
    stripe_shop.deliver()
    again = stripe_shop.buy(payer, tier, key="k")

    assert (again.status, again.json["status"]) == (201, "PAID")
    assert stripe_shop.tickets(again) == ["valid"]
    assert stripe_shop.emails("order_paid") == 1
    assert stripe_shop.fake.ledger.balance() == 1000
    stripe_shop.check()


def buy_unanswered(shop: StripeShop, payer: Buyer) -> tuple[Answer, bytes]:
    """Buy a ticket whose payment succeeds without an answer; return the order and the provider's event."""
    (tier,) = shop.event().tiers
    shop.fake.faults.append(Fault.CUT_AFTER)
    order = shop.buy(payer, tier)
    (body,) = shop.fake.take_events()
    return order, body


def test_webhook_of_a_killed_process_is_applied_when_repeated(
    stripe_shop: StripeShop, payer: Buyer, monkeypatch: pytest.MonkeyPatch
) -> None:
    order, body = buy_unanswered(stripe_shop, payer)

    def killed(*_: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(GroupCommit, "submit", killed)
        with pytest.raises(Killed):
            stripe_shop.notify(body)
    stripe_shop.deliver([body])

    assert stripe_shop.state(order) == "paid"


def test_control_event_noted_before_its_commit_is_lost(
    stripe_shop: StripeShop, payer: Buyer, monkeypatch: pytest.MonkeyPatch
) -> None:
    order, body = buy_unanswered(stripe_shop, payer)
    webhook = stripe_shop.purchases.webhook

    def noted_first(*_: Any) -> None:
        webhook.events.note("evt_1", stripe_shop.now)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(PaymentWebhook, "execute", noted_first)
        with pytest.raises(Killed):
            stripe_shop.notify(body)
    stripe_shop.deliver([body])

    assert stripe_shop.state(order) == "paying"


@pytest.mark.parametrize("fault", [Fault.CUT_BEFORE, Fault.ERROR_BEFORE, Fault.CUT_AFTER, Fault.ERROR_AFTER])
def test_provider_that_is_away_for_an_hour_takes_no_money_without_tickets(
    make_stripe_shop: MakeShop, fake: FakeStripe, clock: ManualClock, fault: Fault
) -> None:
    shop = make_stripe_shop(ORDER_HOLD_SECONDS="3000")
    (tier,) = shop.event(TierPlan(capacity=10)).tiers
    fake.lasting = fault
    orders = [shop.buy(shop.buyer(), tier) for _ in range(3)]
    for _ in range(6):
        clock.advance(minutes=10)
        shop.purchases.reconcile.execute()
        shop.purchases.expire.execute()
    assert {shop.state(order) for order in orders} == {"expired"}

    fake.lasting = None
    shop.purchases.reconcile.execute()
    shop.purchases.reconcile.execute()
    shop.deliver()

    paid = [order for order in orders if shop.state(order) == "paid"]
    assert len(paid) * 1000 == fake.ledger.balance()
    assert shop.stock(tier.id) == (len(paid), 0)
    shop.check()


def test_silent_provider_is_reported_as_such(stripe_shop: StripeShop) -> None:
    stripe_shop.fake.lasting = Fault.ERROR_BEFORE
    gateway = stripe_shop.purchases.place.pay.gateway

    for ask in (lambda: gateway.find("order-x-pay-1"), lambda: list(gateway.payments_since(stripe_shop.now))):
        with pytest.raises(PaymentUnanswered):
            ask()
