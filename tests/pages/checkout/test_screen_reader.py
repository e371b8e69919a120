"""What screen readers find on the pages of buying tickets and of accounts."""

from __future__ import annotations

import re

import pytest

from tests.api.conftest import Clock
from tests.orders.shop import Shop, TierPlan
from tests.pages.checkout.buying import DECLINED, BuyingBrowser, shown

PURCHASE = ("/cart", "/checkout", "/checkout?hold=x")
STATUS = re.compile(r'tabindex="-1" autofocus aria-labelledby="([a-z-]+)".*?<p class="[a-z-]+" id="\1">([^<]+)<')
REQUIRED = re.compile(r"<input [^>]*\brequired\b[^>]*>")


@pytest.mark.parametrize("path", ["/sign-in", "/sign-up", "/account", "/checkout", "/my/tickets"])
def test_field_before_an_attempt_is_not_invalid(shop: Shop, buyer: BuyingBrowser, path: str) -> None:
    (tier,) = shop.event(TierPlan("VIP")).tiers
    buyer.buy((tier, 1))
    buyer.choose((tier, 1))

    fields = REQUIRED.findall(shown(buyer.get(path)))

    assert fields
    assert all('aria-invalid="false"' in field or 'type="radio"' in field for field in fields)


def test_terms_after_an_attempt_are_invalid(shop: Shop, buyer: BuyingBrowser) -> None:
    (tier,) = shop.event(TierPlan("VIP")).tiers
    buyer.choose((tier, 1))

    page = shown(buyer.post("/checkout", buyer.checkout_form(terms="")))

    assert 'required aria-invalid="true" aria-describedby="terms-error"' in page


def status_of(page: str) -> str:
    """Return the name of the message that takes the focus, which the page's title repeats."""
    found = re.search(
        r'tabindex="-1" autofocus aria-labelledby="([a-z-]+)".*?<p class="[a-z-]+" id="\1">([^<]+)<', page
    )
    assert found
    return found[2]


def test_cart_after_each_step_says_what_was_done(shop: Shop, buyer: BuyingBrowser) -> None:
    vip, general = shop.event(TierPlan("VIP", 2500), TierPlan("GA", 1000)).tiers

    chosen = shown(buyer.get(buyer.choose((vip, 2), (general, 3)).location))
    changed = shown(buyer.get(buyer.choose((vip, 1), update="1").location))
    removed = shown(buyer.get(buyer.choose(remove=vip.id).location))
    empty = shown(buyer.get(buyer.choose(remove=general.id).location))

    assert re.fullmatch(r"5 tickets are held until .+; the total is US\$80.00", status_of(chosen))
    assert re.fullmatch(r"4 tickets are held until .+; the total is US\$55.00", status_of(changed))
    assert status_of(removed) == f"{vip.name} was removed; the total is US$30.00"
    assert status_of(empty) == f"{general.name} was removed; the cart is empty"
    assert all(f"<title>{status_of(page)} ·" in page for page in (chosen, changed, removed, empty))


@pytest.mark.parametrize("query", ["notice=held", "notice=removed&tier=x", "notice=removed&tier=%00", "notice=x"])
def test_cart_with_an_untrue_notice_says_nothing(buyer: BuyingBrowser, query: str) -> None:
    page = shown(buyer.get(f"/cart?{query}"))

    assert "autofocus" not in page
    assert "<title>Cart ·" in page


def test_cart_whose_time_is_up_says_so_in_title_and_focus(shop: Shop, buyer: BuyingBrowser, clock: Clock) -> None:
    (tier,) = shop.event().tiers
    buyer.choose((tier, 1))
    clock.pass_by(seconds=601)

    page = shown(buyer.get("/cart"))

    assert "<title>Your tickets were given back ·" in page
    assert 'id="ended-title" class="buy-title" tabindex="-1" autofocus>Your tickets were given back' in page


@pytest.mark.parametrize("path", ["/sign-in", "/sign-up"])
def test_sign_in_during_a_purchase_says_why(visitor: BuyingBrowser, path: str) -> None:
    assert all("Your choice of tickets is kept." in shown(visitor.get(f"{path}?next={to}")) for to in PURCHASE)
    assert "Your choice of tickets is kept." not in shown(visitor.get(f"{path}?next=/my/orders"))


def test_new_account_is_announced_where_it_leads(visitor: BuyingBrowser) -> None:
    form = {"name": "Ada", "email": "ada@example.org", "password": "correct horse 7", "next": "/my/orders?page=1"}

    done = visitor.get(visitor.post("/sign-up", form).location)

    assert done.location == "/my/orders?page=1&created=1"
    page = shown(visitor.get(done.location))
    assert status_of(page) == "Your account is created"
    assert "<title>Your account is created · My orders ·" in page
    assert "is on its way to you" in page


def test_orders_and_tickets_in_lists_have_names_of_their_own(shop: Shop, buyer: BuyingBrowser) -> None:
    (tier,) = shop.event(TierPlan("VIP")).tiers
    order_ids = [buyer.buy((tier, 2)).location.partition("?")[0].rpartition("/")[2] for _ in range(2)]

    orders, tickets = shown(buyer.get("/my/orders")), shown(buyer.get("/my/tickets"))

    assert all(f", order {order_id[-8:]}</span></a></h2>" in orders for order_id in order_ids)
    assert [f"Ticket {number} of 4</span></summary>" in tickets for number in range(1, 5)] == [True] * 4
    assert orders.index("</h2>") < orders.index("chip-good")
    assert tickets.index("</h3>") < tickets.index("chip-good")


def test_declined_payment_is_named_before_the_first_heading(shop: Shop, buyer: BuyingBrowser) -> None:
    (tier,) = shop.event().tiers

    page = shown(buyer.buy((tier, 1), payment=DECLINED))

    assert status_of(page).startswith("The payment was declined")
    assert "<title>Please check: Payment ·" in page
    assert "<h2" not in page.partition("<h1")[0]


def test_placed_order_is_named_before_the_first_heading(shop: Shop, buyer: BuyingBrowser) -> None:
    (tier,) = shop.event().tiers

    page = shown(buyer.get(buyer.buy((tier, 1)).location))

    assert status_of(page) == "Your tickets are yours"
    assert "<title>Your tickets are yours ·" in page
    assert "<h2" not in page.partition("<h1")[0]


def test_wrong_password_change_is_named_in_the_title(buyer: BuyingBrowser) -> None:
    page = shown(buyer.post("/account/password", {"currentPassword": "x", "newPassword": "another horse 8"}))

    assert "<title>Please check: Your account ·" in page
    assert "<h2" not in page.partition("<h1")[0]
