"""Payments: late, doubled, unanswered and mismatched ones; each order's money is taken once or given back once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from orders.model import Order
from orders.payment_settlement import SettlePayment
from orders.payments import signature
from orders.payments.gateway import Payment, PaymentState, PaymentUnanswered
from orders.payments.simulated import SimulatedGateway
from tests.api_client import Answer
from tests.orders.conftest import ManualClock
from tests.orders.shop import Buyer, Shop, TierPlan

SECRET = signature.derive_secret("a secret only tests know")


@pytest.fixture(autouse=True)
def no_pause(shop: Shop) -> None:
    """Let the simulated provider's time-out take no time."""
    object.__setattr__(shop.services.orders.purchases.place.pay.gateway.times, "sleep", lambda _: None)  # type: ignore[attr-defined]


def event(order_id: str, event_id: str = "evt_1", **fields: Any) -> dict[str, Any]:
    payment = {"id": "pay_1", "amount": 1000, "currency": "usd", "metadata": {"orderId": order_id}, **fields}
    return {"id": event_id, "type": "payment_intent.succeeded", "data": {"object": payment}}


def notify(shop: Shop, body: Mapping[str, Any], secret: str = SECRET, **changes: Any) -> Answer:
    raw = json.dumps(body).encode()
    header = changes.get("header", signature.sign(secret, raw, shop.now))
    return shop.api.send(
        "POST", "/api/payments/webhook", data=changes.get("raw", raw), headers={"Stripe-Signature": header}
    )


def refunds(shop: Shop) -> list[Mapping[str, Any]]:
    return [refund for row in shop.db["simulated_payments"].find() for refund in row["refunds"]]


def status(buyer: Buyer, order: Answer) -> str:
    return str(buyer.send("GET", f"/api/orders/{order.json['id']}").json["status"])


def test_unanswered_payment_is_pending_until_the_hold_ends(shop: Shop, buyer: Buyer, clock: ManualClock) -> None:
    (tier,) = shop.event().tiers

    pending = buyer.order((tier, 1), paymentToken="tok_timeout")
    assert (pending.status, pending.json["status"]) == (202, "PENDING")
    assert pending.json["holdUntil"]
    assert shop.stock(tier.id) == (1, 1)
    clock.advance(seconds=600)
    shop.services.scheduler.tick()

    assert status(buyer, pending) == "EXPIRED"
    assert shop.stock(tier.id) == (0, 0)


def test_expired_order_gives_way_to_a_claim(shop: Shop, buyer: Buyer, clock: ManualClock) -> None:
    (tier,) = shop.event(TierPlan(capacity=1)).tiers
    pending = buyer.order((tier, 1), paymentToken="tok_timeout")
    other = shop.buyer()

    assert other.order((tier, 1)).code == "insufficient_stock"
    clock.advance(seconds=600)

    assert other.order((tier, 1)).status == 201
    assert status(buyer, pending) == "EXPIRED"


def test_late_payment_is_applied_by_the_webhook(shop: Shop, buyer: Buyer, clock: ManualClock) -> None:
    (tier,) = shop.event().tiers
    pending = buyer.order((tier, 1), paymentToken="tok_late")
    assert pending.status == 202

    shop.services.orders.purchases.simulated_webhooks.execute()
    assert status(buyer, pending) == "PENDING"
    clock.advance(seconds=5)
    shop.services.orders.purchases.simulated_webhooks.execute()

    assert status(buyer, pending) == "PAID"
    assert shop.stock(tier.id) == (1, 0)


def test_doubled_notification_counts_once(shop: Shop, buyer: Buyer) -> None:
    (tier,) = shop.event().tiers
    paid = buyer.order((tier, 1), paymentToken="tok_twice")
    assert paid.status == 201

    assert shop.services.orders.purchases.simulated_webhooks.execute() == 1

    assert shop.db["tickets"].count_documents({}) == 1
    assert shop.db["letters"].count_documents({"template": "order_paid"}) == 1
    assert refunds(shop) == []


@pytest.mark.parametrize("sold_out", [False, True])
def test_payment_after_expiry_gets_tickets_or_its_money_back_once(
    shop: Shop, buyer: Buyer, clock: ManualClock, sold_out: bool
) -> None:
    (tier,) = shop.event(TierPlan(capacity=1)).tiers
    late = buyer.order((tier, 1), paymentToken="tok_timeout")
    clock.advance(seconds=600)
    shop.services.orders.purchases.expire.execute()
    if sold_out:
        assert shop.buyer().order((tier, 1)).status == 201
    bodies = [event(late.json["id"], f"evt_{number}") for number in range(6)]

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda body: notify(shop, body).status, bodies))

    assert set(answers) == {200}
    assert status(buyer, late) == ("REFUNDED" if sold_out else "PAID")
    assert shop.stock(tier.id) == (1, 0)
    stored = shop.db["orders"].find_one({"_id": late.json["id"]})
    assert stored
    assert len(stored["refunds"]) == sold_out
    assert shop.db["letters"].count_documents({"template": "order_refunded"}) == sold_out
    assert shop.db["tickets"].count_documents({"orderId": late.json["id"]}) == (not sold_out)


def test_control_settlement_without_memory_of_payments_refunds_again(
    shop: Shop, buyer: Buyer, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tier,) = shop.event().tiers
    late = buyer.order((tier, 1), paymentToken="tok_timeout")
    monkeypatch.setattr("orders.payment_settlement._is_known", lambda *_: False)

    for number in range(2):
        notify(shop, event(late.json["id"], f"evt_{number}"))

    stored = shop.db["orders"].find_one({"_id": late.json["id"]})
    assert stored
    assert len(stored["refunds"]) == 1


@pytest.mark.parametrize("fields", [{"amount": 999}, {"amount": 1001}, {"currency": "eur"}])
def test_payment_of_another_amount_gets_no_tickets_and_is_returned(
    shop: Shop, buyer: Buyer, fields: dict[str, Any]
) -> None:
    (tier,) = shop.event().tiers
    pending = buyer.order((tier, 1), paymentToken="tok_timeout")

    assert notify(shop, event(pending.json["id"], **fields)).status == 200

    order = shop.db["orders"].find_one({"_id": pending.json["id"]})
    assert order
    assert (order["state"], order["flag"]) == ("refunded", "amount_mismatch")
    assert [refund["amount"] for refund in order["refunds"]] == [fields.get("amount", 1000)]
    assert shop.stock(tier.id) == (0, 0)
    assert shop.db["tickets"].count_documents({}) == 0


def test_second_payment_of_a_paid_order_is_returned(shop: Shop, buyer: Buyer) -> None:
    (tier,) = shop.event().tiers
    paid = buyer.order((tier, 1))

    notify(shop, event(paid.json["id"], id="pay_other"))

    assert status(buyer, paid) == "PAID"
    stored = shop.db["orders"].find_one()
    assert stored
    assert [refund["paymentId"] for refund in stored["refunds"]] == ["pay_other"]


def test_failure_reported_after_success_changes_nothing(shop: Shop, buyer: Buyer) -> None:
    (tier,) = shop.event().tiers
    paid = buyer.order((tier, 1))

    assert notify(shop, {**event(paid.json["id"]), "type": "payment_intent.payment_failed"}).status == 200

    assert status(buyer, paid) == "PAID"


def test_webhook_with_a_bad_signature_is_refused(shop: Shop, buyer: Buyer, clock: ManualClock) -> None:
    (tier,) = shop.event().tiers
    pending = buyer.order((tier, 1), paymentToken="tok_timeout")
    body = event(pending.json["id"])
    raw = json.dumps(body).encode()
    good = signature.sign(SECRET, raw, clock())
    late = signature.sign(SECRET, raw, clock())

    bad = [
        notify(shop, body, secret="another secret"),
        notify(shop, body, raw=raw.replace(b"1000", b"1001")),
        *[
            notify(shop, body, header=header)
            for header in ("", "t=1", good.replace("t=", "t=x"), f"{good[:-1]}ä", "v1=")
        ],
    ]
    clock.advance(seconds=301)
    bad.append(notify(shop, body, header=late))

    assert {(answer.status, answer.code) for answer in bad} == {(400, "bad_signature")}
    assert status(buyer, pending) == "PENDING"
    assert signature.is_valid(["new", SECRET], signature.sign(SECRET, raw, clock()), raw, clock())


def test_webhook_of_unknown_order_type_or_form_is_accepted_without_effect(shop: Shop) -> None:
    bodies: list[Any] = [
        event("no-such-order"), {**event("x"), "type": "charge.dispute.created"}, [], 5, {}, event("x", amount="1000"),
        event("x", amount=-1), event("x", amount=10**30), event("x", metadata={}), event("x", id={"$gt": ""}),
        event("x", metadata={"orderId": {"$gt": ""}}), event("x" * 300), {**event("x"), "id": {"$ne": 1}},
        {**event("x"), "type": []},
    ]  # fmt: skip

    assert [notify(shop, body).status for body in bodies] == [200] * len(bodies)
    assert shop.db["orders"].count_documents({}) == 0


def test_order_of_a_dead_process_is_carried_on(
    shop: Shop, buyer: Buyer, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tier,) = shop.event().tiers
    authorise = SimulatedGateway.authorise

    def lost(gateway: SimulatedGateway, charge: Any) -> Payment:
        authorise(gateway, charge)
        raise PaymentUnanswered

    def never_sent(*_: Any) -> Payment:
        raise PaymentUnanswered

    with monkeypatch.context() as patch:
        patch.setattr(SimulatedGateway, "authorise", lost)
        charged = buyer.order((tier, 1))
        patch.setattr(SimulatedGateway, "authorise", never_sent)
        unsent = buyer.order((tier, 1))
    assert (charged.status, unsent.status) == (202, 202)
    assert shop.services.orders.purchases.reconcile.execute() == 0
    clock.advance(seconds=21)

    assert shop.services.orders.purchases.reconcile.execute() == 2

    assert (status(buyer, charged), status(buyer, unsent)) == ("PAID", "PAID")
    assert shop.db["simulated_payments"].count_documents({}) == 2
    assert shop.services.orders.purchases.reconcile.execute() == 0


def test_reconciliation_finds_the_payment_of_an_expired_order(shop: Shop, buyer: Buyer, clock: ManualClock) -> None:
    (tier,) = shop.event().tiers
    expired = buyer.order((tier, 1), paymentToken="tok_timeout")
    clock.advance(seconds=600)
    shop.services.orders.purchases.expire.execute()
    shop.db["simulated_payments"].update_one({}, {"$set": {"state": "succeeded"}})

    assert shop.services.orders.purchases.reconcile.execute() == 1

    assert status(buyer, expired) == "PAID"


def test_expiry_and_payment_at_once_agree(shop: Shop, clock: ManualClock) -> None:
    (tier,) = shop.event(TierPlan(capacity=20)).tiers
    made = [(one, one.order((tier, 1), paymentToken="tok_timeout")) for one in [shop.buyer() for _ in range(10)]]
    clock.advance(seconds=600)
    purchases = shop.services.orders.purchases

    def run(number: int) -> None:
        if number % 2:
            purchases.expire.execute()
        else:
            notify(shop, event(made[number // 2][1].json["id"], f"evt_{number}", id=f"pay_{number}"))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(run, range(20)))

    assert {status(one, order) for one, order in made} == {"PAID"}
    assert shop.stock(tier.id) == (10, 0)
    assert shop.db["tickets"].count_documents({}) == 10


def test_refund_is_retried_until_the_provider_answers(
    shop: Shop, buyer: Buyer, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tier,) = shop.event().tiers
    paid = buyer.order((tier, 1))
    settle = shop.services.orders.purchases.place.pay.settle
    other = Payment(id="pay_2", order_id=paid.json["id"], amount=1000, currency="USD", state=PaymentState.SUCCEEDED)
    settle.execute(other)
    answers: list[Exception | None] = [PaymentUnanswered(), PaymentUnanswered(), None]
    keys = []

    def refund(_: SimulatedGateway, repayment: Any) -> None:
        keys.append(repayment.key)
        answer = answers.pop(0)
        if answer:
            raise answer

    monkeypatch.setattr(SimulatedGateway, "refund", refund)
    for _ in range(4):
        shop.services.orders.purchases.refunds.execute()
        clock.advance(minutes=1)

    assert len(keys) == 3
    assert len(set(keys)) == 1
    assert buyer.send("GET", f"/api/orders/{paid.json['id']}").json["refund"] == {
        "status": "succeeded", "amount": "10.00",
    }  # fmt: skip


def test_refund_beyond_the_payment_fails_visibly(shop: Shop, buyer: Buyer) -> None:
    (tier,) = shop.event().tiers
    paid = buyer.order((tier, 1))
    notify(shop, event(paid.json["id"], id="pay_unknown"))

    shop.services.orders.purchases.refunds.execute()

    assert buyer.send("GET", f"/api/orders/{paid.json['id']}").json["refund"]["status"] == "failed"


def test_settlement_of_a_payment_in_progress_changes_nothing(shop: Shop, buyer: Buyer) -> None:
    (tier,) = shop.event().tiers
    pending = buyer.order((tier, 1), paymentToken="tok_timeout")
    settle: SettlePayment = shop.services.orders.purchases.place.pay.settle
    payment = Payment(id="p", order_id=pending.json["id"], amount=1000, currency="USD", state=PaymentState.PROCESSING)

    order: Order = settle.execute(payment)

    assert order.is_open
