"""Webhooks of Stripe: signatures, order and repetition of events, refunds and disputes."""

from __future__ import annotations

import json
import random
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest

from orders.payments.stripe_events import StripeEvents
from tests.fake_stripe.ledger import NEEDS_ACTION
from tests.fake_stripe.server import WEBHOOK_SECRET, FakeStripe, Fault, sign
from tests.orders.conftest import ManualClock
from tests.orders.payments.conftest import MakeShop
from tests.orders.payments.stripe_shop import StripeShop
from tests.orders.shop import Buyer, TierPlan


def unanswered(shop: StripeShop, payer: Buyer, capacity: int = 10) -> tuple[Any, Any]:
    """Place an order that was charged, and whose answer was lost; return it with its tier."""
    (tier,) = shop.event(TierPlan(capacity=capacity)).tiers
    shop.fake.faults.append(Fault.CUT_AFTER)
    order = shop.buy(payer, tier)
    assert order.status == 202
    return order, tier


def test_event_before_the_answer_pays_the_order_once(
    stripe_shop: StripeShop, payer: Buyer, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tier,) = stripe_shop.event().tiers
    answer = stripe_shop.fake.answer

    def deliver_first(*request: Any) -> Any:
        made = answer(*request)
        stripe_shop.deliver()
        return made

    monkeypatch.setattr(stripe_shop.fake, "answer", deliver_first)
    paid = stripe_shop.buy(payer, tier)

    assert paid.status == 201
    assert stripe_shop.tickets(paid) == ["valid"]
    assert stripe_shop.emails("order_paid") == 1
    stripe_shop.check()


def test_event_alone_pays_the_order(stripe_shop: StripeShop, payer: Buyer) -> None:
    order, _ = unanswered(stripe_shop, payer)

    stripe_shop.deliver()

    assert stripe_shop.state(order) == "paid"
    stripe_shop.check()


def test_event_doubled_on_two_workers_at_once_counts_once(
    stripe_shop: StripeShop, make_stripe_shop: MakeShop, payer: Buyer
) -> None:
    order, tier = unanswered(stripe_shop, payer)
    database = stripe_shop.services.settings.mongodb_database
    shops = [stripe_shop, make_stripe_shop(MONGODB_DATABASE=database)]
    (body,) = stripe_shop.fake.take_events()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: shops[number % 2].notify(body).status, range(16)))

    assert set(answers) == {200}
    assert stripe_shop.tickets(order) == ["valid"]
    assert stripe_shop.stock(tier.id) == (1, 0)
    assert stripe_shop.emails("order_paid") == 1
    stripe_shop.check()


def test_events_in_any_order_never_lead_back_from_paid(stripe_shop: StripeShop, payer: Buyer) -> None:
    fake = stripe_shop.fake
    (tier,) = stripe_shop.event(TierPlan(capacity=40)).tiers
    for seed in range(12):
        order = stripe_shop.buy(payer, tier, NEEDS_ACTION)
        intent = fake.ledger.of_order(order.json["id"])[0]
        fake.take_events()
        fake.ledger.succeed(intent["id"])
        events = fake.take_events()
        events += [fake.event(kind, intent) for kind in ("payment_intent.payment_failed", "payment_intent.canceled")]
        random.Random(seed).shuffle(events)

        stripe_shop.deliver([*events, *events])

        assert stripe_shop.state(order) == "paid"
        assert stripe_shop.tickets(order) == ["valid"]
    assert fake.ledger.balance() == 12_000
    stripe_shop.check()


def test_event_that_is_not_understood_is_200_without_effect(stripe_shop: StripeShop, payer: Buyer) -> None:
    fake = stripe_shop.fake
    order, _ = unanswered(stripe_shop, payer)
    (intent,) = fake.ledger.intents.values()
    fake.take_events()
    bodies = [
        fake.event("customer.created", intent),
        fake.event("payment_intent.succeeded", {**intent, "metadata": {"orderId": "no-such-order"}}),
        fake.event("charge.dispute.created", {"payment_intent": "pi_unknown"}),
        fake.event("charge.refunded", {**intent["latest_charge"], "metadata": {"orderId": "x"}}),
        b"[]", b"5", b"{", b"null", b'{"livemode": false}', b'{"livemode":false,"type":[],"data":{}}',
    ]  # fmt: skip
    wrong: list[dict[str, Any]] = [
        {"amount_received": "1"}, {"amount_received": -1}, {"amount_received": 10**30}, {"currency": 5},
        {"id": {"$gt": ""}}, {"metadata": []}, {"metadata": {"orderId": {"$gt": ""}}}, {"id": "\x00\ud800"},
    ]  # fmt: skip
    bodies += [fake.event("payment_intent.succeeded", {**intent, **changes}) for changes in wrong]

    assert [stripe_shop.notify(body).status for body in bodies] == [200] * len(bodies)
    assert stripe_shop.state(order) == "paying"


@pytest.mark.parametrize("is_live", [False, True])
def test_event_of_the_other_mode_is_ignored_with_200(
    make_stripe_shop: MakeShop, fake: FakeStripe, is_live: bool
) -> None:
    key = "sk_test_of_the_stand_in"
    if is_live:
        key = key.replace("test", "live")
    shop = make_stripe_shop(STRIPE_API_KEY=key)
    order, _ = unanswered(shop, shop.buyer())
    (intent,) = fake.ledger.intents.values()

    assert shop.notify(fake.event("payment_intent.succeeded", intent, livemode=not is_live)).status == 200
    assert shop.state(order) == "paying"
    assert shop.notify(fake.event("payment_intent.succeeded", intent, livemode=is_live)).status == 200
    assert shop.state(order) == "paid"


def test_bad_or_old_signature_or_a_changed_byte_is_400(stripe_shop: StripeShop, payer: Buyer) -> None:
    order, _ = unanswered(stripe_shop, payer)
    (body,) = stripe_shop.fake.take_events()
    good = sign(body)
    bad = [
        stripe_shop.notify(body, sign(body, "whsec_of_another")),
        stripe_shop.notify(body, sign(body, age=301)),
        stripe_shop.notify(body.replace(b"1000", b"1001"), good),
        stripe_shop.notify(body + b" ", good),
        stripe_shop.notify(b"\xff" + body, good),
        *[stripe_shop.notify(body, header) for header in ("", "t=1", "v1=", good[:-1] + "ä", f"{good[:-1]}")],
    ]

    assert {(answer.status, answer.code) for answer in bad} == {(400, "bad_signature")}
    assert stripe_shop.state(order) == "paying"


def test_control_unverified_event_pays_the_order(
    stripe_shop: StripeShop, payer: Buyer, monkeypatch: pytest.MonkeyPatch
) -> None:
    order, _ = unanswered(stripe_shop, payer)
    (body,) = stripe_shop.fake.take_events()
    monkeypatch.setattr(StripeEvents, "_verified", lambda _, raw, __: json.loads(raw))

    stripe_shop.notify(body, sign(body, "whsec_of_another"))

    assert stripe_shop.state(order) == "paid"


def test_both_secrets_are_valid_while_they_rotate(make_stripe_shop: MakeShop, fake: FakeStripe) -> None:
    shop = make_stripe_shop(STRIPE_WEBHOOK_SECRET=f"whsec_the_new_one,{WEBHOOK_SECRET}")
    body = fake.event("customer.created", {})

    assert shop.notify(body, sign(body, "whsec_the_new_one")).status == 200
    assert shop.notify(body, sign(body, WEBHOOK_SECRET)).status == 200
    assert shop.notify(body, sign(body, "whsec_the_old_one")).status == 400


@pytest.mark.parametrize("changes", [{"amount_received": 999}, {"currency": "eur"}])
def test_other_amount_or_currency_gives_no_tickets_and_is_returned(
    stripe_shop: StripeShop, payer: Buyer, changes: dict[str, Any]
) -> None:
    (tier,) = stripe_shop.event().tiers
    order = stripe_shop.buy(payer, tier, NEEDS_ACTION)
    (intent,) = stripe_shop.fake.ledger.intents.values()

    stripe_shop.fake.ledger.succeed(intent["id"], **changes)
    stripe_shop.deliver()
    stripe_shop.purchases.refunds.execute()

    stored = stripe_shop.stored(order)
    assert (stored["state"], stored["flag"]) == ("refunded", "amount_mismatch")
    assert stripe_shop.tickets(order) == []
    assert stripe_shop.fake.ledger.balance() == 0
    stripe_shop.check()


def test_refund_in_the_dashboard_flags_the_order_once(stripe_shop: StripeShop, payer: Buyer) -> None:
    (tier,) = stripe_shop.event().tiers
    paid = stripe_shop.buy(payer, tier)
    payment_id = stripe_shop.stored(paid)["paymentId"]

    stripe_shop.fake.ledger.create_refund({"payment_intent": payment_id, "amount": "400"})
    stripe_shop.deliver()
    stripe_shop.deliver([stripe_shop.fake.event("charge.refunded", charge(stripe_shop.fake))])

    stored = stripe_shop.stored(paid)
    assert (stored["state"], stored["flag"]) == ("paid", "refunded_at_provider")
    assert stored["version"] == 3


def charge(fake: FakeStripe) -> dict[str, Any]:
    (intent,) = fake.ledger.intents.values()
    found: dict[str, Any] = intent["latest_charge"]
    return found


def test_disputed_payment_voids_the_tickets_and_flags_the_order(stripe_shop: StripeShop, payer: Buyer) -> None:
    (tier,) = stripe_shop.event().tiers
    paid = stripe_shop.buy(payer, tier)

    for _ in range(2):
        stripe_shop.fake.ledger.dispute(stripe_shop.stored(paid)["paymentId"])
        stripe_shop.deliver()

    stored = stripe_shop.stored(paid)
    assert (stored["state"], stored["flag"], stored["refunds"]) == ("cancelled", "disputed", [])
    assert stripe_shop.tickets(paid) == ["void"]
    assert stripe_shop.stock(tier.id) == (0, 0)
    stripe_shop.check()


def test_disputed_payment_leaves_a_used_ticket(stripe_shop: StripeShop, payer: Buyer, clock: ManualClock) -> None:
    (tier,) = stripe_shop.event().tiers
    paid = payer.order((tier, 2), paymentToken="pm_card_visa")
    used(stripe_shop, paid.json["tickets"][0]["code"], clock())

    stripe_shop.fake.ledger.dispute(stripe_shop.stored(paid)["paymentId"])
    stripe_shop.deliver()

    assert (stripe_shop.state(paid), stripe_shop.stored(paid)["flag"]) == ("paid", "disputed")
    assert sorted(stripe_shop.tickets(paid)) == ["checked_in", "void"]
    assert stripe_shop.stock(tier.id) == (1, 0)
    stripe_shop.check()


def used(shop: StripeShop, code: str, now: datetime) -> None:
    shop.db["tickets"].update_one({"code": code}, {"$set": {"state": "checked_in", "checkedInAt": now}})
