"""Stripe's gateway against its stand-in: requests, amounts, refusals and what is not known afterwards."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from orders.payments.stripe_amounts import AmountNotPayable, from_stripe, to_stripe
from tests.fake_stripe.ledger import DECLINED, NEEDS_ACTION, PROCESSING, UNKNOWN, refused
from tests.fake_stripe.server import API_KEY, FakeStripe, Fault
from tests.orders.conftest import ManualClock
from tests.orders.payments.conftest import MakeShop
from tests.orders.payments.stripe_shop import StripeShop
from tests.orders.shop import Buyer, TierPlan


def test_order_is_paid_with_a_key_and_metadata_of_its_own(stripe_shop: StripeShop, payer: Buyer) -> None:
    (tier,) = stripe_shop.event().tiers

    paid = stripe_shop.buy(payer, tier)

    assert (paid.status, paid.json["status"]) == (201, "PAID")
    (intent,) = stripe_shop.fake.ledger.intents.values()
    assert (intent["amount"], intent["currency"]) == (1000, "usd")
    assert intent["metadata"] == {"orderId": paid.json["id"]}
    assert stripe_shop.fake.posts("/v1/payment_intents") == [f"order-{paid.json['id']}-pay-1"]
    assert stripe_shop.stored(paid)["paymentId"] == intent["id"]
    assert stripe_shop.stored(paid)["provider"] == "stripe"
    stripe_shop.check()


@pytest.mark.parametrize("method", [DECLINED, UNKNOWN])
def test_declined_payment_is_402_and_releases_the_stock(stripe_shop: StripeShop, payer: Buyer, method: str) -> None:
    (tier,) = stripe_shop.event().tiers

    declined = stripe_shop.buy(payer, tier, method)

    assert (declined.status, declined.code) == (402, "payment_declined")
    assert stripe_shop.stock(tier.id) == (0, 0)
    assert stripe_shop.fake.ledger.balance() == 0


@pytest.mark.parametrize("token", ["tok_approve", "4242424242424242", "pm_", "pm_a b", "pi_1", "pm_1/../x"])
def test_token_that_is_no_payment_method_is_400(stripe_shop: StripeShop, payer: Buyer, token: str) -> None:
    (tier,) = stripe_shop.event().tiers

    assert stripe_shop.buy(payer, tier, token).status == 400
    assert stripe_shop.fake.requests == []


def test_payment_that_needs_the_buyer_is_202_with_its_secret(
    stripe_shop: StripeShop, payer: Buyer, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    (tier,) = stripe_shop.event().tiers

    first = stripe_shop.buy(payer, tier, NEEDS_ACTION, key="k")
    again = stripe_shop.buy(payer, tier, NEEDS_ACTION, key="k")

    (intent,) = stripe_shop.fake.ledger.intents.values()
    secret = intent["client_secret"]
    assert [answer.status for answer in (first, again)] == [202, 202]
    assert [answer.json["payment"] for answer in (first, again)] == [{"clientSecret": secret}] * 2
    assert "payment" not in payer.send("GET", f"/api/orders/{first.json['id']}").json
    assert secret not in json.dumps(stripe_shop.stored(first), default=str)
    output = capsys.readouterr()
    assert secret not in caplog.text + output.out + output.err
    assert stripe_shop.purchases.reconcile.execute() == 0

    stripe_shop.fake.ledger.succeed(intent["id"])
    stripe_shop.deliver()

    assert stripe_shop.state(first) == "paid"
    stripe_shop.check()


def test_payment_in_progress_is_202_and_reconciled(stripe_shop: StripeShop, payer: Buyer, clock: ManualClock) -> None:
    (tier,) = stripe_shop.event().tiers
    pending = stripe_shop.buy(payer, tier, PROCESSING)
    assert (pending.status, pending.json["status"]) == (202, "PENDING")
    (intent,) = stripe_shop.fake.ledger.intents.values()

    stripe_shop.fake.ledger.succeed(intent["id"])
    clock.advance(seconds=21)

    assert stripe_shop.purchases.reconcile.execute() == 1
    assert stripe_shop.state(pending) == "paid"


@pytest.mark.parametrize(
    ("fault", "is_charged"),
    [
        (Fault.ERROR_AFTER, True),
        (Fault.ERROR_BEFORE, False),
        (Fault.CUT_AFTER, True),
        (Fault.CUT_BEFORE, False),
        (Fault.HANG_AFTER, True),
        (Fault.HANG_BEFORE, False),
        (Fault.GARBAGE, True),
    ],
)
def test_unanswered_payment_is_pending_and_takes_money_once(
    make_stripe_shop: MakeShop, fake: FakeStripe, clock: ManualClock, fault: Fault, is_charged: bool
) -> None:
    shop = make_stripe_shop(PAYMENT_TIMEOUT_SECONDS="1")
    (tier,) = shop.event().tiers
    fake.faults.append(fault)

    pending = shop.buy(shop.buyer(), tier)

    assert (pending.status, pending.json["status"]) == (202, "PENDING")
    assert len(fake.ledger.intents) == is_charged
    assert shop.stock(tier.id) == (1, 1)
    clock.advance(seconds=21)
    assert shop.purchases.reconcile.execute() == 1
    assert shop.state(pending) == "paid"
    assert fake.ledger.balance() == 1000
    assert shop.emails("order_paid") == 1
    shop.check()


def test_repeated_pending_order_without_stripes_search_is_pending(
    stripe_shop: StripeShop, payer: Buyer, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tier,) = stripe_shop.event().tiers
    first = stripe_shop.buy(payer, tier, NEEDS_ACTION, key="again")
    monkeypatch.setattr(
        stripe_shop.fake, "answer", lambda *_: refused(400, "invalid_request_error", "search_not_supported")
    )

    again = stripe_shop.buy(payer, tier, NEEDS_ACTION, key="again")

    assert (first.status, again.status, again.json["status"]) == (202, 202, "PENDING")


def test_control_payment_without_keys_takes_money_twice(
    stripe_shop: StripeShop, payer: Buyer, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tier,) = stripe_shop.event().tiers
    stripe_shop.fake.ledger.enforce_keys = False
    stripe_shop.fake.faults.append(Fault.CUT_AFTER)
    stripe_shop.buy(payer, tier)
    monkeypatch.setattr("orders.payments.stripe.StripeGateway.find", lambda *_: None)
    clock.advance(seconds=21)

    stripe_shop.purchases.reconcile.execute()

    assert stripe_shop.fake.ledger.balance() == 2000


def test_key_that_stripe_refuses_leaves_the_order_pending(
    make_stripe_shop: MakeShop, caplog: pytest.LogCaptureFixture
) -> None:
    shop = make_stripe_shop(STRIPE_API_KEY="sk_test_another_key")
    (tier,) = shop.event().tiers

    assert shop.buy(shop.buyer(), tier).status == 202
    assert API_KEY not in caplog.text


@pytest.mark.parametrize(
    ("currency", "price", "amount"), [("JPY", 1000, 1000), ("KWD", 5120, 5120), ("EUR", 1050, 1050), ("UGX", 5, 500)]
)
def test_amount_of_any_currency_is_exact_there_and_back(
    stripe_shop: StripeShop, payer: Buyer, currency: str, price: int, amount: int
) -> None:
    (tier,) = stripe_shop.event(TierPlan(price=price), currency=currency).tiers

    paid = stripe_shop.buy(payer, tier)
    assert paid.status == 201
    (intent,) = stripe_shop.fake.ledger.intents.values()
    assert intent["amount"] == amount
    stripe_shop.deliver()
    payer.send("POST", f"/api/orders/{paid.json['id']}/cancel")

    assert stripe_shop.fake.ledger.balance() == 0
    assert stripe_shop.stored(paid)["flag"] == ""
    stripe_shop.check()


def test_amount_that_stripe_cannot_take_is_declined(stripe_shop: StripeShop, payer: Buyer) -> None:
    (tier,) = stripe_shop.event(TierPlan(price=5125), currency="KWD").tiers

    assert stripe_shop.buy(payer, tier).status == 402
    assert stripe_shop.fake.ledger.intents == {}


def test_amounts_convert_exactly_or_not_at_all() -> None:
    assert [to_stripe(500, "MGA"), to_stripe(5, "ISK"), to_stripe(5120, "KWD")] == [5, 500, 5120]
    assert [from_stripe(5, "MGA"), from_stripe(500, "ISK"), from_stripe(5120, "KWD")] == [500, 5, 5120]
    for amount, currency in ((501, "MGA"), (5125, "KWD")):
        with pytest.raises(AmountNotPayable):
            to_stripe(amount, currency)
    with pytest.raises(AmountNotPayable):
        from_stripe(501, "ISK")


def test_simulated_provider_does_not_import_stripe() -> None:
    code = "import sys, app, orders.purchase_wiring; sys.exit('stripe' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
