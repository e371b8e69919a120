"""Won disputes: the tickets are valid again if their stock is left, whatever event comes first and however often."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import pytest

from events.model import Tier
from orders import payment_flags
from orders.errors import OrderNotFound
from orders.model import Order
from orders.order_change import OrderChange, changed
from orders.payments.reports import DisputeWon
from orders.won_disputes import RestoreDisputed
from tests.api_client import Answer
from tests.fake_stripe.ledger import APPROVED
from tests.orders.payments.stripe_shop import StripeShop
from tests.orders.shop import Buyer, TierPlan, Wanted

WON = "order.dispute_won"


def bought(shop: StripeShop, payer: Buyer, tier: Tier, wanted: Wanted = 1) -> tuple[Answer, str]:
    """Return a paid order with the id of its payment."""
    paid = payer.order((tier, wanted), paymentToken=APPROVED)
    shop.deliver()
    return paid, str(shop.stored(paid)["paymentId"])


def closed(shop: StripeShop, payer: Buyer, status: str) -> tuple[Answer, list[bytes]]:
    """Return a paid order with the events of its dispute, which was opened and closed; none is delivered."""
    (tier,) = shop.event().tiers
    paid, payment_id = bought(shop, payer, tier)
    shop.fake.ledger.dispute(payment_id)
    shop.fake.ledger.dispute(payment_id, status, "closed")
    return paid, shop.fake.take_events()


def lose_then_win(shop: StripeShop, payment_id: str) -> bytes:
    """Deliver the opening of a dispute; return the event of its win."""
    shop.fake.ledger.dispute(payment_id)
    shop.deliver()
    shop.fake.ledger.dispute(payment_id, "won", "closed")
    (event,) = shop.fake.take_events()
    return event


def summary(shop: StripeShop, order: Answer) -> tuple[str, str, list[str]]:
    """Return the state and the flag of an order, and the states of its tickets."""
    return shop.state(order), shop.stored(order)["flag"], shop.tickets(order)


def audited(shop: StripeShop, what: str) -> list[dict[str, Any]]:
    return list(shop.db["audit"].find({"what": what}))


def test_won_dispute_makes_the_tickets_valid_again(stripe_shop: StripeShop, payer: Buyer) -> None:
    paid, events = closed(stripe_shop, payer, "won")

    stripe_shop.deliver([*events, *events])

    assert summary(stripe_shop, paid) == ("paid", "", ["valid"])
    (record,) = audited(stripe_shop, WON)
    assert (record["who"], record["after"]) == ("service", {"state": "paid", "flag": "", "tickets": 1})
    assert len(audited(stripe_shop, "order.disputed")) == 1
    assert stripe_shop.emails("order_restored") == 1
    stripe_shop.check()
    code = stripe_shop.db["tickets"].distinct("code")[0]
    assert stripe_shop.api.admin("POST", "/checkin", json={"code": code}).status == 200


def test_won_dispute_before_its_opening_leaves_the_tickets(stripe_shop: StripeShop, payer: Buyer) -> None:
    paid, events = closed(stripe_shop, payer, "won")

    stripe_shop.deliver(list(reversed(events)))

    assert summary(stripe_shop, paid) == ("paid", "", ["valid"])
    assert len(audited(stripe_shop, WON)) == 1
    assert stripe_shop.emails("order_restored") == 0
    stripe_shop.check()


@pytest.mark.parametrize("wanted", [2, ["A1", "A2"]])
def test_won_dispute_whose_tickets_are_sold_again_is_flagged(
    stripe_shop: StripeShop, payer: Buyer, wanted: Wanted
) -> None:
    seats: Sequence[str] = ("A1", "A2") if isinstance(wanted, list) else ()
    (tier,) = stripe_shop.event(TierPlan(capacity=2, seats=seats)).tiers
    paid, payment_id = bought(stripe_shop, payer, tier, wanted)
    event = lose_then_win(stripe_shop, payment_id)
    other = stripe_shop.buyer().order((tier, 1), paymentToken=APPROVED)
    stripe_shop.deliver()

    stripe_shop.deliver([event, event])

    assert summary(stripe_shop, paid) == ("cancelled", "dispute_won", ["void", "void"])
    assert stripe_shop.tickets(other) == ["valid"]
    assert [record["after"] for record in audited(stripe_shop, WON)] == [{"flag": "dispute_won", "tickets": 0}]
    stripe_shop.check()


def test_won_dispute_gives_the_same_seats_back(stripe_shop: StripeShop, payer: Buyer) -> None:
    (tier,) = stripe_shop.event(TierPlan(seats=("A1", "A2", "A3")), pool=3).tiers
    paid, payment_id = bought(stripe_shop, payer, tier, ["A2", "A3"])

    stripe_shop.deliver([lose_then_win(stripe_shop, payment_id)])

    assert summary(stripe_shop, paid) == ("paid", "", ["valid", "valid"])
    assert stripe_shop.seats(tier) == {"A1": "free", "A2": "sold", "A3": "sold"}
    stripe_shop.check()


def test_won_dispute_of_an_event_cancelled_since_is_flagged(stripe_shop: StripeShop, payer: Buyer) -> None:
    event = stripe_shop.event()
    paid, payment_id = bought(stripe_shop, payer, event.tiers[0])
    won = lose_then_win(stripe_shop, payment_id)
    assert stripe_shop.api.admin("POST", f"/events/{event.id}/cancel").status == 200

    stripe_shop.deliver([won])

    assert summary(stripe_shop, paid) == ("cancelled", "dispute_won", ["void"])


def test_refunded_ticket_stays_void_after_a_won_dispute(stripe_shop: StripeShop, payer: Buyer) -> None:
    (tier,) = stripe_shop.event().tiers
    paid, payment_id = bought(stripe_shop, payer, tier, 2)
    refunded = paid.json["tickets"][0]["code"]
    path = f"/orders/{paid.json['id']}/refund"
    assert stripe_shop.api.admin("POST", path, json={"tickets": [refunded]}).status == 200

    stripe_shop.deliver([lose_then_win(stripe_shop, payment_id)])

    assert summary(stripe_shop, paid) == ("paid", "", ["void", "valid"])
    stripe_shop.check()


def test_second_dispute_after_a_restoration_voids_again(stripe_shop: StripeShop, payer: Buyer) -> None:
    (tier,) = stripe_shop.event().tiers
    paid, payment_id = bought(stripe_shop, payer, tier)
    stripe_shop.deliver([lose_then_win(stripe_shop, payment_id)])

    won = lose_then_win(stripe_shop, payment_id)
    assert summary(stripe_shop, paid) == ("cancelled", "disputed", ["void"])
    stripe_shop.deliver([won])

    assert summary(stripe_shop, paid) == ("paid", "", ["valid"])
    assert stripe_shop.emails("order_restored") == 2
    stripe_shop.check()


def test_won_dispute_beside_an_open_one_restores_with_the_last(stripe_shop: StripeShop, payer: Buyer) -> None:
    (tier,) = stripe_shop.event().tiers
    paid, payment_id = bought(stripe_shop, payer, tier)
    first = lose_then_win(stripe_shop, payment_id)
    second = lose_then_win(stripe_shop, payment_id)

    stripe_shop.deliver([first])
    assert summary(stripe_shop, paid) == ("cancelled", "disputed", ["void"])
    stripe_shop.deliver([second])

    assert summary(stripe_shop, paid) == ("paid", "", ["valid"])


@pytest.mark.parametrize("status", ["lost", "warning_closed"])
def test_dispute_closed_otherwise_stays_as_it_is(stripe_shop: StripeShop, payer: Buyer, status: str) -> None:
    paid, events = closed(stripe_shop, payer, status)

    for order in itertools.permutations(events):
        stripe_shop.deliver(order)

    assert summary(stripe_shop, paid) == ("cancelled", "disputed", ["void"])


def test_won_dispute_of_no_order_is_ignored(stripe_shop: StripeShop, payer: Buyer) -> None:
    paid, _ = closed(stripe_shop, payer, "won")

    stripe_shop.fake.ledger.dispute("pi_unknown", "won", "closed")
    stripe_shop.deliver()

    assert stripe_shop.stored(paid)["flag"] == ""


def test_won_dispute_leaves_a_flag_for_another_reason(stripe_shop: StripeShop, payer: Buyer) -> None:
    paid, events = closed(stripe_shop, payer, "won")
    stripe_shop.deliver(events[:1])
    stripe_shop.db["orders"].update_one({}, {"$set": {"flag": payment_flags.REFUND_FAILED}})

    stripe_shop.deliver(events[1:])

    assert summary(stripe_shop, paid) == ("paid", "refund_failed", ["valid"])


def test_control_without_the_note_an_early_win_is_lost(
    stripe_shop: StripeShop, payer: Buyer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(*_: object) -> Order:
        raise OrderNotFound

    monkeypatch.setattr(RestoreDisputed, "execute", nothing)
    paid, events = closed(stripe_shop, payer, "won")

    stripe_shop.deliver(list(reversed(events)))

    assert summary(stripe_shop, paid) == ("cancelled", "disputed", ["void"])


def test_control_restoration_without_its_claims_is_found(
    stripe_shop: StripeShop, payer: Buyer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def restored(restore: RestoreDisputed, won: DisputeWon, order: Order) -> OrderChange:
        tickets = restore.releases.tickets.of_orders([order.id])
        return OrderChange(before=order, after=changed(order), restores=tickets)

    monkeypatch.setattr(RestoreDisputed, "_restored", restored)
    _, events = closed(stripe_shop, payer, "won")

    stripe_shop.deliver(events)

    assert stripe_shop.services.orders.find_mismatches.execute() != []
