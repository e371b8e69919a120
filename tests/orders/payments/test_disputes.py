"""Disputes: the tickets of a payment that the bank takes back are void, whatever event comes first."""

from __future__ import annotations

from typing import Any

import pytest

from orders.payments.stripe import StripeGateway
from tests.api_client import Answer
from tests.fake_stripe.ledger import APPROVED
from tests.fake_stripe.server import Fault
from tests.orders.payments.stripe_shop import StripeShop
from tests.orders.shop import Buyer


def paying_without_its_event(shop: StripeShop, payer: Buyer) -> tuple[Answer, list[bytes]]:
    """Return an unsettled order, with the event of its payment."""
    (tier,) = shop.event().tiers
    shop.fake.faults.append(Fault.CUT_AFTER)
    order = shop.buy(payer, tier)
    assert order.status == 202
    return order, shop.fake.take_events()


def disputed(shop: StripeShop, payment_id: str) -> list[bytes]:
    """Return the event of a new dispute."""
    shop.fake.ledger.dispute(payment_id)
    return shop.fake.take_events()


def disputed_before_its_event(shop: StripeShop, payer: Buyer) -> tuple[Answer, list[bytes]]:
    """Return an unsettled order whose dispute was delivered, with the event of its payment."""
    order, events = paying_without_its_event(shop, payer)
    shop.deliver(disputed(shop, *shop.fake.ledger.intents))
    return order, events


def test_dispute_before_its_payment_is_settled_voids_the_tickets(stripe_shop: StripeShop, payer: Buyer) -> None:
    order, events = disputed_before_its_event(stripe_shop, payer)

    stripe_shop.deliver(events)

    assert (stripe_shop.state(order), stripe_shop.stored(order)["flag"]) == ("cancelled", "disputed")
    assert stripe_shop.tickets(order) == ["void"]
    assert stripe_shop.stored(order)["refunds"] == []
    stripe_shop.check()


def test_control_without_the_question_an_early_dispute_is_lost(
    stripe_shop: StripeShop, payer: Buyer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(StripeGateway, "get", lambda *_: None)
    order, events = disputed_before_its_event(stripe_shop, payer)

    stripe_shop.deliver(events)

    assert stripe_shop.tickets(order) == ["valid"]


def test_dispute_is_delivered_again_while_the_provider_is_away(stripe_shop: StripeShop, payer: Buyer) -> None:
    order, _ = paying_without_its_event(stripe_shop, payer)
    (body,) = disputed(stripe_shop, *stripe_shop.fake.ledger.intents)

    stripe_shop.fake.lasting = Fault.ERROR_BEFORE
    assert (stripe_shop.notify(body).status, stripe_shop.state(order)) == (503, "paying")
    stripe_shop.fake.lasting = None
    assert stripe_shop.notify(body).status == 200

    assert stripe_shop.tickets(order) == ["void"]


def test_dispute_of_a_payment_that_is_no_orders_is_ignored(stripe_shop: StripeShop, payer: Buyer) -> None:
    (tier,) = stripe_shop.event().tiers
    paid = stripe_shop.buy(payer, tier)
    foreign = stripe_shop.fake.ledger.plant("x", 1000)
    foreign["metadata"].clear()

    for payment_id in (foreign["id"], "pi_unknown"):
        stripe_shop.fake.ledger.dispute(payment_id)
    stripe_shop.deliver()

    assert (stripe_shop.tickets(paid), stripe_shop.stored(paid)["flag"]) == (["valid"], "")


def test_dispute_of_a_second_payment_leaves_the_tickets(stripe_shop: StripeShop, payer: Buyer) -> None:
    (tier,) = stripe_shop.event().tiers
    paid = payer.order((tier, 1), paymentToken=APPROVED)
    second = stripe_shop.fake.ledger.plant(paid.json["id"], 1000)

    stripe_shop.fake.ledger.dispute(second["id"])
    stripe_shop.deliver()

    stored: dict[str, Any] = stripe_shop.stored(paid)
    assert (stored["state"], stored["flag"]) == ("paid", "disputed")
    assert stripe_shop.tickets(paid) == ["valid"]
    stripe_shop.check()


def test_dispute_of_the_first_payment_after_that_of_a_second_voids(stripe_shop: StripeShop, payer: Buyer) -> None:
    (tier,) = stripe_shop.event().tiers
    paid = payer.order((tier, 1), paymentToken=APPROVED)
    (first_id,) = stripe_shop.fake.ledger.intents
    second = stripe_shop.fake.ledger.plant(paid.json["id"], 1000)

    for payment_id in (second["id"], first_id, first_id):
        stripe_shop.fake.ledger.dispute(payment_id)
    stripe_shop.deliver()

    assert (stripe_shop.state(paid), stripe_shop.tickets(paid)) == ("cancelled", ["void"])
    stripe_shop.check()


def paid_with_a_won_dispute(shop: StripeShop, payer: Buyer) -> tuple[Answer, str]:
    """Return a paid order and its payment, of which a dispute was won before its opening came."""
    (tier,) = shop.event().tiers
    paid = payer.order((tier, 1), paymentToken=APPROVED)
    (payment_id,) = shop.fake.ledger.intents
    shop.fake.ledger.dispute(payment_id)
    shop.fake.ledger.dispute(payment_id, "won", "closed")
    shop.deliver(shop.fake.take_events()[::-1])
    assert shop.tickets(paid) == ["valid"]
    return paid, payment_id


def test_second_dispute_after_a_won_one_voids_the_tickets(stripe_shop: StripeShop, payer: Buyer) -> None:
    paid, payment_id = paid_with_a_won_dispute(stripe_shop, payer)

    stripe_shop.fake.ledger.dispute(payment_id)
    stripe_shop.deliver()

    assert (stripe_shop.state(paid), stripe_shop.stored(paid)["flag"]) == ("cancelled", "disputed")
    assert stripe_shop.tickets(paid) == ["void"]
    stripe_shop.check()


def test_control_disputes_without_their_ids_leave_the_tickets(
    stripe_shop: StripeShop, payer: Buyer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orders.disputes.find_dispute", lambda order, _: next(iter(order.disputes), None))
    paid, payment_id = paid_with_a_won_dispute(stripe_shop, payer)

    stripe_shop.fake.ledger.dispute(payment_id)
    stripe_shop.deliver()

    assert stripe_shop.tickets(paid) == ["valid"]


def test_later_event_of_a_won_dispute_voids_nothing(stripe_shop: StripeShop, payer: Buyer) -> None:
    paid, payment_id = paid_with_a_won_dispute(stripe_shop, payer)

    stripe_shop.fake.ledger.dispute(payment_id, kind="funds_withdrawn")
    stripe_shop.deliver()

    assert stripe_shop.tickets(paid) == ["valid"]


def test_dispute_of_a_payment_with_an_older_answer_comes_again(stripe_shop: StripeShop, payer: Buyer) -> None:
    """A dispute that is noted before its tickets are issued would leave them valid."""
    order, _ = paying_without_its_event(stripe_shop, payer)
    (intent,) = stripe_shop.fake.ledger.intents.values()
    (body,) = disputed(stripe_shop, intent["id"])
    intent["status"] = "processing"

    assert stripe_shop.notify(body).status == 503
    intent["status"] = "succeeded"
    assert stripe_shop.notify(body).status == 200

    assert stripe_shop.tickets(order) == ["void"]


def test_inquiry_of_the_bank_voids_nothing_before_it_takes_the_money(stripe_shop: StripeShop, payer: Buyer) -> None:
    (tier,) = stripe_shop.event().tiers
    paid = payer.order((tier, 1), paymentToken=APPROVED)
    (payment_id,) = stripe_shop.fake.ledger.intents

    stripe_shop.fake.ledger.dispute(payment_id, "warning_needs_response")
    stripe_shop.deliver()
    assert (stripe_shop.tickets(paid), stripe_shop.stored(paid)["flag"]) == (["valid"], "")

    stripe_shop.fake.ledger.dispute(payment_id, kind="funds_withdrawn")
    stripe_shop.deliver()
    assert (stripe_shop.tickets(paid), stripe_shop.stored(paid)["flag"]) == (["void"], "disputed")
