"""The cart: its tickets are held, and each refusal says what to do next."""

from __future__ import annotations

from typing import Any

import pytest

from events.model import EventStatus
from tests.api.conftest import Clock
from tests.orders.shop import Shop, TierPlan
from tests.pages.checkout.buying import BuyingBrowser, shown

PATHS = ["/cart", "/checkout", "/my/orders", "/my/tickets", "/orders/0123456789abcdef"]


@pytest.mark.parametrize("path", PATHS)
def test_page_without_a_session_leads_to_the_sign_in_and_back(visitor: BuyingBrowser, path: str) -> None:
    answer = visitor.get(path)

    assert answer.status_code == 303
    assert answer.location == f"/sign-in?next={path}"


@pytest.mark.parametrize(
    "path", ["/cart/empty", "/checkout", "/orders/x/cancel", "/orders/x/confirm", "/my/tickets/transfer"]
)
def test_button_without_a_session_leads_to_the_sign_in(visitor: BuyingBrowser, path: str) -> None:
    answer = visitor.post(path)

    assert answer.status_code == 303
    assert answer.location.startswith("/sign-in?next=/")


@pytest.mark.parametrize(
    ("path", "page"),
    [
        ("/cart/empty", "/cart"),
        ("/orders/x/cancel", "/orders/x"),
        ("/orders/x/confirm", "/orders/x"),
        ("/my/tickets/transfer", "/my/tickets"),
    ],
)
def test_address_of_a_button_leads_to_its_page(buyer: BuyingBrowser, path: str, page: str) -> None:
    assert buyer.get(path).location == page


@pytest.mark.parametrize(
    "path", ["/cart", "/cart/empty", "/checkout", "/orders/x/cancel", "/orders/x/confirm", "/my/tickets/transfer"]
)
@pytest.mark.parametrize("signed_in", [True, False])
def test_form_of_another_site_is_refused(
    buyer: BuyingBrowser, visitor: BuyingBrowser, path: str, signed_in: bool
) -> None:
    browser = {True: buyer, False: visitor}[signed_in]

    answer = browser.post(path, {"quantity-x": "1"}, **{"Sec-Fetch-Site": "cross-site"})

    assert answer.status_code == 403
    assert "sent from another site" in shown(answer)


def test_chosen_tickets_are_held_at_frozen_prices(shop: Shop, buyer: BuyingBrowser) -> None:
    event = shop.event(TierPlan("VIP", 2500), TierPlan("GA", 1000))
    vip, general = event.tiers

    answer = buyer.choose((vip, 2), (general, 0))

    assert (answer.status_code, answer.location) == (303, "/cart?notice=held")
    shop.db["event_stock"].update_one({"_id": vip.id}, {"$set": {"price": 9900}})
    page = shown(buyer.get("/cart"))
    assert "US$50.00" in page
    assert 'data-seconds="600"' in page
    assert shop.stock(vip.id) == (2, 2)


def test_tickets_of_another_event_join_the_cart(shop: Shop, buyer: BuyingBrowser) -> None:
    (first,) = shop.event(TierPlan(price=1000)).tiers
    (second,) = shop.event(TierPlan(price=500)).tiers

    buyer.choose((first, 1))
    buyer.choose((second, 2))

    assert "US$20.00" in shown(buyer.get("/cart"))
    assert (shop.stock(first.id), shop.stock(second.id)) == ((1, 1), (2, 2))


def test_form_replaces_the_tiers_that_it_chooses(shop: Shop, buyer: BuyingBrowser) -> None:
    vip, general = shop.event(TierPlan("VIP"), TierPlan("GA")).tiers
    buyer.choose((vip, 2), (general, 3))

    buyer.choose((vip, 1), (general, 0))

    assert (shop.stock(vip.id), shop.stock(general.id)) == ((1, 1), (3, 3))


def test_same_form_again_keeps_the_hold_and_its_time(shop: Shop, buyer: BuyingBrowser, clock: Clock) -> None:
    (tier,) = shop.event().tiers
    buyer.choose((tier, 2))
    clock.pass_by(seconds=100)

    answer = buyer.choose((tier, 2), **{"continue": "1"})

    assert answer.location.startswith("/checkout?hold=")
    assert shop.db["holds"].count_documents({}) == 1
    assert 'data-seconds="500"' in buyer.get("/checkout").text


def test_removed_line_is_released(shop: Shop, buyer: BuyingBrowser) -> None:
    vip, general = shop.event(TierPlan("VIP"), TierPlan("GA")).tiers
    buyer.choose((vip, 2), (general, 3))

    buyer.choose((vip, 2), (general, 3), remove=vip.id)

    assert (shop.stock(vip.id), shop.stock(general.id)) == ((0, 0), (3, 3))


def test_last_line_removed_empties_the_cart(shop: Shop, buyer: BuyingBrowser) -> None:
    (tier,) = shop.event().tiers
    buyer.choose((tier, 2))

    buyer.choose((tier, 2), remove=tier.id)

    assert "Your cart is empty" in shown(buyer.get("/cart"))
    assert shop.stock(tier.id) == (0, 0)


def test_emptied_cart_releases_its_tickets(shop: Shop, buyer: BuyingBrowser) -> None:
    (tier,) = shop.event().tiers
    buyer.choose((tier, 2))
    hold = shop.db["holds"].find_one()
    assert hold

    answer = buyer.post("/cart/empty", {"hold": hold["_id"]})

    assert answer.location == "/cart?notice=emptied"
    assert "Your cart is empty" in shown(buyer.get("/cart"))
    assert shop.stock(tier.id) == (0, 0)


@pytest.mark.parametrize("hold", ["x", "\0", "0" * 5000])
def test_unknown_hold_is_not_emptied(buyer: BuyingBrowser, hold: str) -> None:
    answer = buyer.post("/cart/empty", {"hold": hold})

    assert answer.status_code == 404
    assert "not held for you" in shown(answer)


def test_cart_of_another_person_is_neither_shown_nor_emptied(shop: Shop, buyer: BuyingBrowser) -> None:
    (tier,) = shop.event().tiers
    buyer.choose((tier, 2))
    hold = shop.db["holds"].find_one()
    assert hold
    other = BuyingBrowser.signed_in(shop)

    answer = other.post("/cart/empty", {"hold": hold["_id"]})

    assert answer.status_code == 404
    assert "Your cart is empty" in shown(other.get("/cart"))
    assert shop.stock(tier.id) == (2, 2)


def test_ended_hold_is_named_and_can_be_made_again(shop: Shop, buyer: BuyingBrowser, clock: Clock) -> None:
    (tier,) = shop.event().tiers
    buyer.choose((tier, 2))
    clock.pass_by(seconds=601)

    page = shown(buyer.get("/cart"))

    assert "Your tickets were given back" in page
    assert f'name="quantity-{tier.id}" value="2"' in page
    assert "Continue to payment" not in page
    buyer.choose((tier, 2))
    assert "Continue to payment" in shown(buyer.get("/cart"))


def test_hold_that_ended_long_ago_is_not_shown(shop: Shop, buyer: BuyingBrowser, clock: Clock) -> None:
    (tier,) = shop.event().tiers
    buyer.choose((tier, 2))
    clock.pass_by(hours=3)

    assert "Your cart is empty" in shown(buyer.get("/cart"))


def test_choice_before_the_sign_in_is_kept(shop: Shop, visitor: BuyingBrowser) -> None:
    vip, general = shop.event(TierPlan("VIP", 2500), TierPlan("GA", 1000)).tiers

    answer = visitor.choose((vip, 2), (general, 0))

    assert (answer.status_code, answer.location) == (303, "/sign-in?next=/cart")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "Path=/cart" in cookie
    visitor.sign_in(BuyingBrowser.signed_in(shop).account)  # type: ignore[arg-type]
    page = shown(visitor.get("/cart"))
    assert "You have chosen" in page
    assert "US$50.00" in page
    assert shop.stock(vip.id) == (0, 0)
    assert visitor.choose((vip, 2)).location == "/cart?notice=held"
    page = shown(visitor.get("/cart"))
    assert "You have chosen" not in page
    assert shop.stock(vip.id) == (2, 2)


def test_choice_before_the_sign_in_can_be_discarded(shop: Shop, visitor: BuyingBrowser) -> None:
    (tier,) = shop.event().tiers
    visitor.choose((tier, 2))
    visitor.sign_in(BuyingBrowser.signed_in(shop).account)  # type: ignore[arg-type]
    assert "Discard this choice" in shown(visitor.get("/cart"))

    visitor.post("/cart/empty")

    assert "Your cart is empty" in shown(visitor.get("/cart"))


@pytest.mark.parametrize("value", ["", "%", "quantity-x=1", "seats=x", "quantity-" + "y" * 20 + "=abc", "=&=&="])
def test_broken_choice_of_a_browser_is_harmless(buyer: BuyingBrowser, value: str) -> None:
    buyer.client.set_cookie("cartChoice", value, path="/cart")

    assert buyer.get("/cart").status_code == 200


def test_too_few_tickets_left_are_named(shop: Shop, buyer: BuyingBrowser) -> None:
    event = shop.event(TierPlan("VIP", capacity=3))
    (vip,) = event.tiers

    answer = buyer.choose((vip, 4))

    assert answer.status_code == 409
    page = shown(answer)
    assert "Only 3 tickets of VIP are left." in page
    assert f'href="/events/{event.id}"' in page


def test_sold_out_tier_leads_to_the_waiting_list(shop: Shop, buyer: BuyingBrowser) -> None:
    (vip,) = shop.event(TierPlan("VIP", capacity=0)).tiers

    answer = buyer.choose((vip, 1))

    assert answer.status_code == 409
    assert "VIP is sold out." in shown(answer)


def test_refused_choice_leaves_the_cart_as_it_is(shop: Shop, buyer: BuyingBrowser) -> None:
    (tier,) = shop.event(TierPlan("VIP", capacity=3)).tiers
    buyer.choose((tier, 2))

    answer = buyer.choose((tier, 4))

    assert answer.status_code == 409
    assert "Continue to payment" in shown(answer)
    assert shop.stock(tier.id) == (2, 2)


def test_mixed_currencies_are_refused(shop: Shop, buyer: BuyingBrowser) -> None:
    (dollars,) = shop.event().tiers
    (euros,) = shop.event(currency="EUR").tiers
    buyer.choose((dollars, 1))

    answer = buyer.choose((euros, 1))

    assert answer.status_code == 400
    assert "two currencies" in shown(answer)


@pytest.mark.parametrize(
    ("changes", "status", "sentence"),
    [
        ({"status": EventStatus.CANCELLED}, 409, "This event was cancelled."),
        ({"status": EventStatus.DRAFT}, 404, "no longer offered"),
        ({"max_per_order": 1}, 400, "more than one order may hold"),
    ],
    ids=["cancelled", "draft", "too_many"],
)
def test_event_that_cannot_be_bought_is_refused(
    shop: Shop, buyer: BuyingBrowser, changes: dict[str, Any], status: int, sentence: str
) -> None:
    (tier,) = shop.event(**changes).tiers

    answer = buyer.choose((tier, 2))

    assert answer.status_code == status
    assert sentence in shown(answer)


def test_ended_sale_is_refused(shop: Shop, buyer: BuyingBrowser) -> None:
    (tier,) = shop.event(sales_end=shop.now).tiers

    answer = buyer.choose((tier, 1))

    assert answer.status_code == 409
    assert "no longer on sale" in shown(answer)


@pytest.mark.parametrize("value", ["two", "-1", "1.5", "1e3", "9999", "٢", "1\0", "{'$gt': ''}"])
def test_quantity_that_is_no_number_is_refused(shop: Shop, buyer: BuyingBrowser, value: str) -> None:
    (tier,) = shop.event().tiers

    answer = buyer.post("/cart", {f"quantity-{tier.id}": value})

    assert answer.status_code == 400
    assert "in digits" in shown(answer)


@pytest.mark.parametrize("value", ["21", "999"])
def test_quantity_beyond_the_limit_is_refused(shop: Shop, buyer: BuyingBrowser, value: str) -> None:
    (tier,) = shop.event().tiers

    answer = buyer.post("/cart", {f"quantity-{tier.id}": value})

    assert answer.status_code == 400
    assert "At most 20 tickets of one kind" in shown(answer)


@pytest.mark.parametrize("tier_id", ["", "x", "\0" * 12, "x" * 5000, "{'$gt': ''}.....", "ü" * 12])
def test_malformed_tier_is_refused(buyer: BuyingBrowser, tier_id: str) -> None:
    answer = buyer.post("/cart", {f"quantity-{tier_id}": "1"})

    assert answer.status_code in (400, 404)
    assert 'role="alert"' in answer.text


@pytest.mark.parametrize("value", ["", ":", "x", "x:A1", "\0:\0", ":" * 400, "a" * 12 + ":" + "b" * 5000])
def test_malformed_seat_is_refused(buyer: BuyingBrowser, value: str) -> None:
    assert buyer.post("/cart", {"seats": value}).status_code in (400, 404)


def test_empty_choice_is_refused(shop: Shop, buyer: BuyingBrowser) -> None:
    (tier,) = shop.event().tiers

    answer = buyer.choose((tier, 0))

    assert answer.status_code == 400
    assert "Choose at least one ticket." in shown(answer)


def test_empty_choice_leaves_the_cart_as_it_is(shop: Shop, buyer: BuyingBrowser) -> None:
    (tier,) = shop.event().tiers
    buyer.choose((tier, 2))

    assert buyer.choose((tier, 0)).status_code == 400
    assert shop.stock(tier.id) == (2, 2)


def test_chosen_seats_join_the_cart_and_are_paid(shop: Shop, buyer: BuyingBrowser) -> None:
    seated, general = shop.event(TierPlan("VIP", seats=("A1", "A2", "A3")), TierPlan("GA")).tiers
    buyer.choose((general, 1))

    answer = buyer.post("/cart", {"seats": [f"{seated.id}:A1", f"{seated.id}:A3"]})

    assert answer.status_code == 303
    page = shown(buyer.get("/cart"))
    assert all(f'<span class="seat-chip">{label}</span>' in page for label in ("A1", "A3"))
    assert f'href="/events/{seated.event_id}/seats?tier={seated.id}"' in page
    assert "Update the numbers" in page
    order = buyer.post("/checkout", buyer.checkout_form()).location
    assert "Seat A3" in shown(buyer.get(order))
    assert shop.db["tickets"].distinct("seat") == ["", "A1", "A3"]


def test_cart_of_seats_has_no_numbers_to_update(shop: Shop, buyer: BuyingBrowser) -> None:
    (seated,) = shop.event(TierPlan("VIP", seats=("A1", "A2"))).tiers
    buyer.post("/cart", {"seats": f"{seated.id}:A1"})

    assert "Update the numbers" not in shown(buyer.get("/cart"))


def test_taken_seat_is_named(shop: Shop, buyer: BuyingBrowser) -> None:
    event = shop.event(TierPlan("VIP", seats=("A1", "A2")))
    (seated,) = event.tiers
    BuyingBrowser.signed_in(shop).post("/cart", {"seats": f"{seated.id}:A1"})

    answer = buyer.post("/cart", {"seats": [f"{seated.id}:A1", f"{seated.id}:A2"]})

    assert answer.status_code == 409
    page = shown(answer)
    assert "These seats were taken meanwhile: A1." in page
    assert f'href="/events/{event.id}"' in page


def test_cart_offers_its_tickets_and_those_that_are_left(shop: Shop, buyer: BuyingBrowser) -> None:
    event = shop.event(TierPlan("VIP", 2500, capacity=5))
    buyer.post("/cart", {f"quantity-{event.tiers[0].id}": "2"})
    before = buyer.get("/cart").text
    other = BuyingBrowser.signed_in(shop, email="other@example.org")
    other.post("/cart", {f"quantity-{event.tiers[0].id}": "2"})

    after = buyer.get("/cart").text

    assert before.count("<option") == 5
    assert after.count("<option") == 3
