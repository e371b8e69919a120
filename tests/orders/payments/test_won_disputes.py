"""Won disputes: the operator learns that the money is back, whatever event comes first and however often."""

from __future__ import annotations

import itertools

import pytest

from orders import payment_flags
from orders.disputes import WithdrawDisputed
from orders.payments.reports import DisputeWon
from tests.api_client import Answer
from tests.orders.payments.stripe_shop import StripeShop
from tests.orders.shop import Buyer


def closed(shop: StripeShop, payer: Buyer, status: str) -> tuple[Answer, list[bytes]]:
    """Return a paid order with the events of its dispute, which was opened and closed; none is delivered."""
    (tier,) = shop.event().tiers
    paid = shop.buy(payer, tier)
    shop.deliver()
    payment_id = shop.stored(paid)["paymentId"]
    shop.fake.ledger.dispute(payment_id)
    shop.fake.ledger.dispute(payment_id, status, "closed")
    return paid, shop.fake.take_events()


def test_won_dispute_flags_the_order_for_the_operator(stripe_shop: StripeShop, payer: Buyer) -> None:
    paid, events = closed(stripe_shop, payer, "won")

    stripe_shop.deliver([*events, *events])

    assert (stripe_shop.state(paid), stripe_shop.stored(paid)["flag"]) == ("cancelled", "dispute_won")
    assert stripe_shop.tickets(paid) == ["void"]
    version = stripe_shop.stored(paid)["version"]
    stripe_shop.deliver(events)
    assert stripe_shop.stored(paid)["version"] == version
    stripe_shop.check()


def test_won_dispute_before_its_opening_leaves_the_tickets(stripe_shop: StripeShop, payer: Buyer) -> None:
    paid, events = closed(stripe_shop, payer, "won")

    stripe_shop.deliver(list(reversed(events)))

    assert (stripe_shop.state(paid), stripe_shop.stored(paid)["flag"]) == ("paid", "dispute_won")
    assert stripe_shop.tickets(paid) == ["valid"]
    stripe_shop.check()


@pytest.mark.parametrize("status", ["lost", "warning_closed"])
def test_dispute_closed_otherwise_stays_as_it_is(stripe_shop: StripeShop, payer: Buyer, status: str) -> None:
    paid, events = closed(stripe_shop, payer, status)

    for order in itertools.permutations(events):
        stripe_shop.deliver(order)

    assert (stripe_shop.tickets(paid), stripe_shop.stored(paid)["flag"]) == (["void"], "disputed")


def test_won_dispute_of_no_order_is_ignored(stripe_shop: StripeShop, payer: Buyer) -> None:
    paid, _ = closed(stripe_shop, payer, "won")

    stripe_shop.fake.ledger.dispute("pi_unknown", "won", "closed")
    stripe_shop.deliver()

    assert stripe_shop.stored(paid)["flag"] == ""


def test_won_dispute_leaves_a_flag_for_another_reason(stripe_shop: StripeShop, payer: Buyer) -> None:
    paid, events = closed(stripe_shop, payer, "won")
    stripe_shop.db["orders"].update_one({}, {"$set": {"flag": payment_flags.REFUND_FAILED}})

    stripe_shop.deliver(events[1:])

    assert stripe_shop.stored(paid)["flag"] == "refund_failed"


def test_control_without_the_note_an_early_win_is_lost(
    stripe_shop: StripeShop, payer: Buyer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(withdraw: WithdrawDisputed, won: DisputeWon) -> object:
        return withdraw.settle.change.orders.get(str(withdraw.orders.id_of_payment(won.payment_id)))

    monkeypatch.setattr(WithdrawDisputed, "note_won", nothing)
    paid, events = closed(stripe_shop, payer, "won")

    stripe_shop.deliver(list(reversed(events)))

    assert (stripe_shop.tickets(paid), stripe_shop.stored(paid)["flag"]) == (["void"], "disputed")
