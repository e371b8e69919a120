"""Payments of events that are no longer published: the money goes back, and no other order waits for it."""

from __future__ import annotations

import pytest

from events.model import Event
from orders.model import Order
from orders.payments.gateway import Payment, PaymentState
from orders.purchase_emails import OrderEmails
from tests.orders.conftest import ManualClock
from tests.orders.shop import Buyer, Shop


@pytest.fixture(autouse=True)
def no_pause(shop: Shop) -> None:
    """Let the simulated provider's time-out take no time."""
    object.__setattr__(shop.services.orders.purchases.place.pay.gateway.times, "sleep", lambda _: None)  # type: ignore[attr-defined]


@pytest.fixture
def event(shop: Shop) -> Event:
    return shop.event()


def change_event(shop: Shop, event: Event, status: str) -> None:
    """Give an event another status, or delete it with its stock."""
    if status == "deleted":
        shop.db["events"].delete_one({"_id": event.id})
        shop.db["event_stock"].delete_many({"eventId": event.id})
    else:
        shop.db["events"].update_one({"_id": event.id}, {"$set": {"status": status}})


def pending(buyer: Buyer, event: Event) -> str:
    answer = buyer.order((event.tiers[0], 1), paymentToken="tok_timeout")
    assert answer.status == 202
    return str(answer.json["id"])


def payment(order_id: str) -> Payment:
    return Payment(id="pay_1", order_id=order_id, amount=1000, currency="USD", state=PaymentState.SUCCEEDED)


@pytest.mark.parametrize("status", ["cancelled", "draft", "deleted"])
def test_late_payment_of_an_unsold_event_is_returned(
    shop: Shop, buyer: Buyer, event: Event, clock: ManualClock, status: str
) -> None:
    order_id = pending(buyer, event)
    clock.advance(seconds=600)
    shop.services.orders.purchases.expire.execute()
    change_event(shop, event, status)
    shop.services.orders.purchases.change.claims.group_commit.admission._sold_out.clear()

    order = shop.services.orders.purchases.place.pay.settle.execute(payment(order_id))

    assert [refund.amount for refund in order.refunds] == [1000]
    letter = shop.db["letters"].find_one({"template": "order_refunded"})
    assert letter
    assert letter["facts"]["event"]
    assert shop.db["tickets"].count_documents({}) == 0


@pytest.mark.parametrize("status", ["cancelled", "draft"])
def test_payment_of_an_open_order_for_an_unsold_event_is_returned(
    shop: Shop, buyer: Buyer, event: Event, status: str
) -> None:
    order_id = pending(buyer, event)
    assert shop.services.orders.purchases.place.emails.events.get(event.id)  # It is cached for a second.
    change_event(shop, event, status)

    order = shop.services.orders.purchases.place.pay.settle.execute(payment(order_id))

    assert order.status == "REFUNDED"
    assert shop.stock(event.tiers[0].id) == (0, 0)
    assert shop.db["tickets"].count_documents({}) == 0


def test_payment_during_the_cancellation_of_its_event_is_returned(
    shop: Shop, buyer: Buyer, event: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = pending(buyer, event)
    has_unsold_event = OrderEmails.has_unsold_event
    reads: list[bool] = []

    def cancel_after_the_first_read(emails: OrderEmails, order: Order, *, cached: bool = False) -> bool:
        reads.append(has_unsold_event(emails, order, cached=cached))
        change_event(shop, event, "cancelled")
        return reads[-1]

    monkeypatch.setattr(OrderEmails, "has_unsold_event", cancel_after_the_first_read)

    order = shop.services.orders.purchases.place.pay.settle.execute(payment(order_id))

    assert (order.status, reads) == ("REFUNDED", [False, True])
    assert shop.db["tickets"].count_documents({}) == 0


def test_hold_of_a_cancelled_event_cannot_be_bought(shop: Shop, buyer: Buyer, event: Event) -> None:
    hold = buyer.hold((event.tiers[0], 1)).json
    change_event(shop, event, "cancelled")
    shop.forget_events()

    answer = buyer.order(holdId=hold["id"])

    assert (answer.status, answer.code) == (409, "event_cancelled")


@pytest.mark.parametrize("status", ["cancelled", "draft"])
def test_order_that_misses_the_end_of_its_event_is_returned(
    shop: Shop, buyer: Buyer, event: Event, status: str
) -> None:
    hold = buyer.hold((event.tiers[0], 1)).json
    change_event(shop, event, status)

    answer = buyer.order(holdId=hold["id"])

    assert (answer.status, answer.json["status"]) == (200, "REFUNDED")
    assert shop.stock(event.tiers[0].id) == (0, 0)
    assert shop.db["tickets"].count_documents({}) == 0
