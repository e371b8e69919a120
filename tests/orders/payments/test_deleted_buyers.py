"""Buyers whose account is deleted while an order is open: the money goes back, and no name stays."""

from __future__ import annotations

import pytest

from orders.account_release import LINGER
from orders.model import Order
from tests.fake_stripe.ledger import NEEDS_ACTION
from tests.fake_stripe.server import Fault
from tests.orders.conftest import ManualClock
from tests.orders.payments.conftest import MakeShop
from tests.orders.payments.stripe_shop import StripeShop
from tests.orders.shop import Buyer


def delete(shop: StripeShop, buyer: Buyer) -> None:
    shop.services.accounts.erase_accounts.deletion.delete(buyer.id)


@pytest.mark.parametrize("is_confirmed_later", [False, True])
def test_payment_of_a_deleted_account_goes_back(
    stripe_shop: StripeShop, payer: Buyer, is_confirmed_later: bool
) -> None:
    (tier,) = stripe_shop.event().tiers
    if is_confirmed_later:
        order = stripe_shop.buy(payer, tier, NEEDS_ACTION)
    else:
        stripe_shop.fake.faults.append(Fault.CUT_AFTER)
        order = stripe_shop.buy(payer, tier)
    delete(stripe_shop, payer)
    (intent,) = stripe_shop.fake.ledger.intents.values()
    stripe_shop.fake.ledger.succeed(intent["id"])

    stripe_shop.deliver()
    stripe_shop.purchases.refunds.execute()

    assert (stripe_shop.state(order), stripe_shop.tickets(order)) == ("refunded", [])
    assert stripe_shop.fake.ledger.balance() == 0
    assert stripe_shop.stock(tier.id) == (0, 0)
    assert stripe_shop.db["letters"].count_documents({"to": payer.email}) == 0
    stripe_shop.check()


def test_control_without_the_check_a_deleted_account_gets_tickets(
    stripe_shop: StripeShop, payer: Buyer, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tier,) = stripe_shop.event().tiers
    order = stripe_shop.buy(payer, tier, NEEDS_ACTION)
    delete(stripe_shop, payer)
    monkeypatch.setattr(Order, "is_anonymous", False)
    (intent,) = stripe_shop.fake.ledger.intents.values()
    stripe_shop.fake.ledger.succeed(intent["id"])

    stripe_shop.deliver()

    assert stripe_shop.tickets(order) == ["valid"]


def test_unpaid_order_of_a_deleted_account_is_never_charged(
    stripe_shop: StripeShop, payer: Buyer, clock: ManualClock
) -> None:
    (tier,) = stripe_shop.event().tiers
    stripe_shop.fake.faults.append(Fault.CUT_BEFORE)
    order = stripe_shop.buy(payer, tier)
    delete(stripe_shop, payer)
    clock.advance(seconds=60)

    stripe_shop.purchases.reconcile.execute()

    assert stripe_shop.state(order) == "expired"
    assert stripe_shop.fake.ledger.intents == {}
    assert stripe_shop.stock(tier.id) == (0, 0)


def test_queued_order_of_a_deleted_account_is_never_charged(make_stripe_shop: MakeShop) -> None:
    shop = make_stripe_shop(PAYMENT_RATE="0.001")
    payer = shop.buyer()
    (tier,) = shop.event().tiers
    shop.buy(payer, tier)
    queued = shop.buy(payer, tier)
    assert queued.json["queue"]["position"] == 1
    delete(shop, payer)

    assert shop.purchases.place.pay.execute_queued(queued.json["id"])

    assert shop.state(queued) == "expired"
    assert shop.fake.ledger.balance() == 1000


def order_during_deletion(shop: StripeShop, monkeypatch: pytest.MonkeyPatch) -> Buyer:
    """Place an order whose request was admitted before the deletion of its account."""
    payer = shop.buyer("Zuleika Dobson")
    (tier,) = shop.event().tiers
    price = type(shop.purchases.place)._require_token

    def delete_first(*arguments: object) -> None:
        delete(shop, payer)
        price(*arguments)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(type(shop.purchases.place), "_require_token", delete_first)
        assert shop.buy(payer, tier).status == 201
    return payer


def names(shop: StripeShop) -> list[str]:
    return [order["name"] for order in shop.db["orders"].find()] + [
        row["holderName"] for row in shop.db["tickets"].find()
    ]


def test_order_placed_during_the_deletion_loses_its_name(
    stripe_shop: StripeShop, monkeypatch: pytest.MonkeyPatch, clock: ManualClock
) -> None:
    order_during_deletion(stripe_shop, monkeypatch)
    release = stripe_shop.services.orders.release_accounts

    release.execute()

    assert names(stripe_shop) == ["", ""]
    assert stripe_shop.db["deleted_accounts"].count_documents({}) == 1
    clock.advance(seconds=LINGER.total_seconds())
    release.execute()
    assert stripe_shop.db["deleted_accounts"].count_documents({}) == 0


def test_control_mark_that_does_not_linger_leaves_the_name(
    stripe_shop: StripeShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = stripe_shop.services.orders.release_accounts.store
    monkeypatch.setattr(type(store), "note_release", lambda store, account, _: store.clear(account))
    order_during_deletion(stripe_shop, monkeypatch)

    stripe_shop.services.orders.release_accounts.execute()

    assert names(stripe_shop) == ["Zuleika Dobson"] * 2
