"""Refunds and changes around a payment at Stripe: money and stock agree whatever comes at once."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from core import metrics
from orders.payments.gateway import Repayment, RepaymentRefused
from tests.api_client import Answer
from tests.fake_stripe.ledger import APPROVED, NEEDS_ACTION
from tests.fake_stripe.server import API_KEY, WEBHOOK_SECRET, Fault
from tests.orders.conftest import ManualClock
from tests.orders.payments.stripe_shop import StripeShop
from tests.orders.shop import Buyer, TierPlan


def codes(order: Answer) -> list[str]:
    return [ticket["code"] for ticket in order.json["tickets"]]


def cancel(buyer: Buyer, order: Answer) -> Answer:
    return buyer.send("POST", f"/api/orders/{order.json['id']}/cancel")


def refund(shop: StripeShop, order: Answer, tickets: list[str]) -> Answer:
    return shop.api.admin("POST", f"/orders/{order.json['id']}/refund", json={"tickets": tickets})


@pytest.fixture
def paid(stripe_shop: StripeShop, payer: Buyer) -> Answer:
    """Three tickets of one order."""
    (tier,) = stripe_shop.event().tiers
    order = payer.order((tier, 3), paymentToken=APPROVED)
    assert order.status == 201
    stripe_shop.deliver()
    return order


def test_partial_refunds_of_the_same_amount_are_two(stripe_shop: StripeShop, payer: Buyer, paid: Answer) -> None:
    one, two, _ = codes(paid)

    assert refund(stripe_shop, paid, [one]).status == 200
    assert refund(stripe_shop, paid, [two]).status == 200
    assert refund(stripe_shop, paid, [two]).code == "ticket_void"
    assert stripe_shop.fake.ledger.balance() == 1000
    assert cancel(payer, paid).status == 200
    stripe_shop.deliver()

    assert stripe_shop.fake.ledger.balance() == 0
    assert stripe_shop.stored(paid)["flag"] == ""
    stripe_shop.check()


def test_guest_admin_and_check_in_at_once_agree(stripe_shop: StripeShop, payer: Buyer, paid: Answer) -> None:
    code = codes(paid)[0]
    calls: list[Callable[[], Answer]] = [
        lambda: cancel(payer, paid),
        lambda: refund(stripe_shop, paid, codes(paid)),
        lambda: stripe_shop.api.admin("POST", "/checkin", json={"code": code}),
        lambda: cancel(payer, paid),
    ]

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda call: call(), calls))
    stripe_shop.purchases.refunds.execute()
    stripe_shop.deliver()

    states = stripe_shop.tickets(paid)
    assert stripe_shop.fake.ledger.balance() == 1000 * sum(state != "void" for state in states)
    assert states in (["void"] * 3, ["checked_in", "valid", "valid"], ["valid", "checked_in", "valid"], states)
    assert stripe_shop.stored(paid)["flag"] == ""
    stripe_shop.check()


def test_refund_beyond_the_payment_is_refused_by_the_provider(stripe_shop: StripeShop, paid: Answer) -> None:
    payment_id = stripe_shop.stored(paid)["paymentId"]
    repayment = Repayment(key="too-much", order_id=paid.json["id"], payment_id=payment_id, amount=3001, currency="USD")

    with pytest.raises(RepaymentRefused):
        stripe_shop.purchases.place.pay.gateway.refund(repayment)
    assert stripe_shop.fake.ledger.balance() == 3000


@pytest.mark.parametrize("fault", [Fault.ERROR_AFTER, Fault.CUT_AFTER, Fault.CUT_BEFORE, Fault.THROTTLE])
def test_unanswered_refund_is_repeated_with_its_key(
    stripe_shop: StripeShop, payer: Buyer, paid: Answer, clock: ManualClock, fault: Fault
) -> None:
    stripe_shop.fake.faults.append(fault)

    assert cancel(payer, paid).json["refund"]["status"] == "pending"
    clock.advance(seconds=6)
    if fault is Fault.ERROR_AFTER:  # Stripe repeats its error for a day.
        stripe_shop.purchases.refunds.execute()
        stripe_shop.deliver()
        assert stripe_shop.fake.ledger.balance() == 0
        return
    stripe_shop.purchases.refunds.execute()

    keys = stripe_shop.fake.posts("/v1/refunds")
    assert len(keys) == 2
    assert len(set(keys)) == 1
    assert stripe_shop.fake.ledger.balance() == 0
    assert stripe_shop.stored(paid)["refunds"][0]["state"] == "succeeded"
    stripe_shop.check()


def test_control_refunds_without_keys_return_the_money_twice(
    stripe_shop: StripeShop, paid: Answer, clock: ManualClock
) -> None:
    stripe_shop.fake.ledger.enforce_keys = False
    stripe_shop.fake.faults.append(Fault.CUT_AFTER)

    refund(stripe_shop, paid, codes(paid)[:1])
    clock.advance(seconds=6)
    stripe_shop.purchases.refunds.execute()

    assert stripe_shop.fake.ledger.balance() == 1000


def test_two_tabs_pay_one_hold_once(stripe_shop: StripeShop, payer: Buyer) -> None:
    (tier,) = stripe_shop.event().tiers
    hold_id = payer.hold((tier, 1)).json["id"]

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: payer.order(holdId=hold_id, paymentToken=APPROVED), range(2)))

    assert sorted(answer.status for answer in answers) == [201, 409]
    assert stripe_shop.fake.ledger.balance() == 1000
    stripe_shop.check()


def test_free_tickets_add_nothing_and_alone_ask_no_provider(stripe_shop: StripeShop, payer: Buyer) -> None:
    free, priced = stripe_shop.event(TierPlan("A", price=0), TierPlan("B", price=700)).tiers

    assert payer.order((free, 2), paymentToken=APPROVED).status == 201
    assert stripe_shop.fake.requests == []
    mixed = payer.order((free, 1), (priced, 2), paymentToken=APPROVED)

    assert mixed.json["totalAmount"] == "14.00"
    assert stripe_shop.fake.ledger.balance() == 1400
    stripe_shop.check()


def test_price_and_capacity_changed_during_a_hold_do_not_change_it(stripe_shop: StripeShop, payer: Buyer) -> None:
    event = stripe_shop.event(TierPlan(capacity=5))
    (tier,) = event.tiers
    hold_id = payer.hold((tier, 2)).json["id"]
    path = f"/events/{event.id}"

    changes: dict[str, Any] = {"tiers": [{"id": tier.id, "price": "99.00", "capacity": 2}]}
    assert stripe_shop.api.admin("PATCH", path, json=changes).status == 200
    paid = payer.order(holdId=hold_id, paymentToken=APPROVED)

    assert paid.json["totalAmount"] == "20.00"
    assert stripe_shop.fake.ledger.balance() == 2000
    assert stripe_shop.stock(tier.id) == (2, 0)


def test_event_cancelled_during_a_payment_returns_the_money(stripe_shop: StripeShop, payer: Buyer) -> None:
    event = stripe_shop.event()
    pending = stripe_shop.buy(payer, event.tiers[0], NEEDS_ACTION)
    (intent,) = stripe_shop.fake.ledger.intents.values()

    assert stripe_shop.api.admin("POST", f"/events/{event.id}/cancel").status == 200
    stripe_shop.fake.ledger.succeed(intent["id"])
    stripe_shop.deliver()
    stripe_shop.purchases.refunds.execute()

    assert stripe_shop.tickets(pending) == []
    assert stripe_shop.fake.ledger.balance() == 0


def test_no_secret_is_in_logs_audit_or_metrics(
    stripe_shop: StripeShop, payer: Buyer, paid: Answer, caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    (tier,) = stripe_shop.event().tiers
    caplog.set_level("INFO", logger="stripe")
    for fault in (None, Fault.ERROR_AFTER, Fault.THROTTLE, Fault.GARBAGE):
        stripe_shop.fake.faults.extend([fault] if fault else [])
        stripe_shop.buy(payer, tier, NEEDS_ACTION)
    refund(stripe_shop, paid, codes(paid)[:1])
    stripe_shop.deliver()

    output = capsys.readouterr()
    stored = json.dumps(list(stripe_shop.db["audit"].find()), default=str)
    everything = caplog.text + output.out + output.err + stored + metrics.render_metrics(dict).decode()
    secrets = [intent["client_secret"] for intent in stripe_shop.fake.ledger.intents.values()]
    for secret in (*secrets, API_KEY, WEBHOOK_SECRET, APPROVED, NEEDS_ACTION, payer.email):
        assert secret not in everything


def test_tickets_are_reachable_while_no_email_was_sent(stripe_shop: StripeShop, payer: Buyer, paid: Answer) -> None:
    assert stripe_shop.db["letters"].count_documents({"state": "sent"}) == 0
    shown = payer.send("GET", f"/api/orders/{paid.json['id']}").json["tickets"]

    for ticket in shown:
        assert stripe_shop.api.get(f"/api/tickets/{ticket['code']}.svg").status == 200


def test_key_repeated_or_with_another_body_takes_money_once(
    stripe_shop: StripeShop, payer: Buyer, clock: ManualClock
) -> None:
    (tier,) = stripe_shop.event().tiers

    first = stripe_shop.buy(payer, tier, key="k")
    assert stripe_shop.buy(payer, tier, key="k").json["id"] == first.json["id"]
    assert payer.order((tier, 2), key="k", paymentToken=APPROVED).status == 422
    assert stripe_shop.fake.ledger.balance() == 1000
    clock.advance(hours=24, seconds=1)
    stripe_shop.fake.ledger.forget_keys()

    assert stripe_shop.buy(payer, tier, key="k").json["id"] != first.json["id"]
    assert stripe_shop.fake.ledger.balance() == 2000
    stripe_shop.check()
