"""The checkout: one order however often its form is sent, and a sentence that leads on for each refusal."""

from __future__ import annotations

import pytest

from core.mongo.client import Db
from pages.checkout import checkout_routes
from tests.api.conftest import Clock
from tests.orders.shop import Shop, TierPlan
from tests.pages.checkout.buying import DECLINED, LATE, BuyingBrowser, shown


def orders(db: Db) -> list[str]:
    """Return the states of all orders in the order of the alphabet."""
    return sorted(order["state"] for order in db["orders"].find())


def test_purchase_leads_to_the_order_with_its_tickets(shop: Shop, buyer: BuyingBrowser) -> None:
    event = shop.event(TierPlan("VIP", 2500))
    (vip,) = event.tiers

    answer = buyer.buy((vip, 2))

    assert answer.status_code == 303
    page = buyer.get(answer.location)
    assert page.status_code == 200
    assert "Your tickets are yours" in page.text
    assert "US$50.00" in page.text
    codes = [ticket["code"] for ticket in shop.db["tickets"].find()]
    assert len(codes) == 2
    assert all(f'aria-label="QR code of the ticket {code}"' in page.text for code in codes)
    assert page.text.count("<svg") >= 2
    assert page.text.count(f"<p><b>{vip.name}</b>") == 2
    assert page.headers["Cache-Control"] == "private, no-store"
    assert shop.stock(vip.id) == (2, 0)


def test_form_sent_again_leads_to_the_same_order(shop: Shop, buyer: BuyingBrowser) -> None:
    (tier,) = shop.event().tiers
    buyer.choose((tier, 2))
    form = buyer.checkout_form()

    locations = {buyer.post("/checkout", form).location.partition("?")[0] for _ in range(3)}

    assert len(locations) == 1
    assert orders(shop.db) == ["paid"]
    assert shop.stock(tier.id) == (2, 0)


def test_form_with_another_key_buys_nothing_again(shop: Shop, buyer: BuyingBrowser) -> None:
    (tier,) = shop.event().tiers
    buyer.choose((tier, 2))
    form = buyer.checkout_form()
    first = buyer.post("/checkout", form)

    again = buyer.post("/checkout", {**form, "key": "0" * 32, "payment": LATE})

    assert again.location.partition("?")[0] == first.location.partition("?")[0]
    assert orders(shop.db) == ["paid"]


def test_back_to_the_form_of_a_paid_hold_leads_to_the_order(shop: Shop, buyer: BuyingBrowser) -> None:
    (tier,) = shop.event().tiers
    buyer.choose((tier, 1))
    form = buyer.checkout_form()
    order = buyer.post("/checkout", form).location.partition("?")[0]

    assert buyer.get(f"/checkout?hold={form['hold']}").location == order
    assert buyer.get("/checkout").location == "/cart"


def test_control_without_the_order_of_the_hold_a_second_click_fails(
    shop: Shop, buyer: BuyingBrowser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkout_routes, "order_of_hold", lambda *_: None)
    (tier,) = shop.event().tiers
    buyer.choose((tier, 1))
    form = buyer.checkout_form()

    statuses = [buyer.post("/checkout", form).status_code for _ in range(2)]

    assert statuses == [303, 409]


def test_declined_payment_keeps_the_hold_for_another_try(shop: Shop, buyer: BuyingBrowser) -> None:
    (tier,) = shop.event().tiers
    buyer.choose((tier, 2))
    form = buyer.checkout_form(payment=DECLINED)

    answer = buyer.post("/checkout", form)

    assert answer.status_code == 402
    page = shown(answer)
    assert "The payment was declined, and you were not charged. Your tickets are still held" in page
    assert f'name="hold" value="{form["hold"]}"' in page
    assert f'value="{form["key"]}"' not in page
    assert shop.stock(tier.id) == (2, 2)
    assert buyer.post("/checkout", buyer.checkout_form()).status_code == 303
    assert orders(shop.db) == ["declined", "paid"]
    assert shop.stock(tier.id) == (2, 0)


def test_declined_form_sent_again_is_declined_once(shop: Shop, buyer: BuyingBrowser) -> None:
    (tier,) = shop.event().tiers
    buyer.choose((tier, 2))
    form = buyer.checkout_form(payment=DECLINED)

    statuses = [buyer.post("/checkout", form).status_code for _ in range(2)]

    assert statuses == [402, 402]
    assert orders(shop.db) == ["declined"]


def test_declined_form_with_another_choice_is_another_attempt(shop: Shop, buyer: BuyingBrowser) -> None:
    (tier,) = shop.event().tiers
    buyer.choose((tier, 2))
    form = buyer.checkout_form(payment=DECLINED)
    buyer.post("/checkout", form)

    answer = buyer.post("/checkout", {**form, "payment": "tok_approve"})

    assert answer.status_code == 303
    assert orders(shop.db) == ["declined", "paid"]


def test_late_payment_shows_a_page_that_looks_again(shop: Shop, buyer: BuyingBrowser) -> None:
    (tier,) = shop.event().tiers

    answer = buyer.buy((tier, 1), payment=LATE)

    page = shown(buyer.get(answer.location))
    assert "We are still checking your payment" in page
    assert "Please do not buy them again" in page
    assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in page
    assert 'href="/events"' not in page.partition("<main")[2]
    assert "Your tickets are yours" not in page


def test_free_order_needs_no_payment(shop: Shop, buyer: BuyingBrowser) -> None:
    (tier,) = shop.event(TierPlan(price=0)).tiers
    buyer.choose((tier, 1))
    page = shown(buyer.get("/checkout"))
    assert "These tickets are free" in page
    assert "Test mode." not in page

    answer = buyer.post("/checkout", buyer.checkout_form(payment=""))

    assert answer.status_code == 303
    assert orders(shop.db) == ["paid"]
    assert shop.db["simulated_payments"].count_documents({}) == 0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"terms": ""}, "Please confirm that you have checked the order."),
        ({"terms": "on"}, "Please confirm that you have checked the order."),
        ({"payment": ""}, "Choose how you want to pay."),
        ({"payment": "tok\0"}, "Choose how you want to pay."),
        ({"payment": "x" * 256}, "Choose how you want to pay."),
        ({"payment": "tok_unknown"}, "Choose how you want to pay."),
        ({"payment": "{'$gt':''}"}, "Choose how you want to pay."),
        ({"key": ""}, "This form is incomplete."),
        ({"key": "G" * 32}, "This form is incomplete."),
        ({"key": "0" * 5000}, "This form is incomplete."),
    ],
)
def test_incomplete_form_is_refused(shop: Shop, buyer: BuyingBrowser, changes: dict[str, str], message: str) -> None:
    (tier,) = shop.event().tiers
    buyer.choose((tier, 1))

    answer = buyer.post("/checkout", buyer.checkout_form(**changes))

    assert answer.status_code == 400
    assert message in shown(answer)
    assert orders(shop.db) == []
    assert shop.stock(tier.id) == (1, 1)


@pytest.mark.parametrize("hold", ["", "x", "\0", "x" * 5000])
def test_unknown_hold_is_refused(buyer: BuyingBrowser, hold: str) -> None:
    form = {"hold": hold, "key": "0" * 32, "terms": "yes", "payment": "tok_approve"}

    answer = buyer.post("/checkout", form)

    assert answer.status_code == 404
    assert "not held for you" in shown(answer)
    assert buyer.get("/checkout", query_string={"hold": hold}).location == "/cart"


def test_ended_hold_says_so_and_leads_back(shop: Shop, buyer: BuyingBrowser, clock: Clock) -> None:
    (tier,) = shop.event().tiers
    buyer.choose((tier, 2))
    form = buyer.checkout_form()
    clock.pass_by(seconds=601)

    answer = buyer.post("/checkout", form)

    assert answer.status_code == 409
    page = shown(answer)
    assert "The time has ended" in page
    assert "Hold them again" in page
    assert orders(shop.db) == []
    assert buyer.get(f"/checkout?hold={form['hold']}").location == "/cart"


def test_hold_of_another_person_is_not_paid(shop: Shop, buyer: BuyingBrowser) -> None:
    (tier,) = shop.event().tiers
    buyer.choose((tier, 2))
    form = buyer.checkout_form()
    other = BuyingBrowser.signed_in(shop)

    assert other.post("/checkout", form).status_code == 404
    assert orders(shop.db) == []


def test_event_cancelled_meanwhile_is_not_paid(shop: Shop, buyer: BuyingBrowser) -> None:
    (tier,) = shop.event().tiers
    buyer.choose((tier, 2))
    form = buyer.checkout_form()
    shop.db["events"].update_one({}, {"$set": {"status": "cancelled"}})
    shop.forget_events()

    answer = buyer.post("/checkout", form)

    assert answer.status_code == 409
    assert "This event was cancelled." in shown(answer)
