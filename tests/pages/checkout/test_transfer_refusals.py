"""Refused transfers of tickets: the reason is at its field, on the page of the form."""

from __future__ import annotations

import re

import pytest

from tests.orders.shop import Shop, TierPlan
from tests.pages.checkout.buying import BuyingBrowser, shown


@pytest.mark.parametrize("is_on_order", [True, False])
def test_refused_transfer_is_at_its_field_on_its_page(shop: Shop, buyer: BuyingBrowser, is_on_order: bool) -> None:
    (tier,) = shop.event(TierPlan("VIP")).tiers
    order_id = buyer.buy((tier, 2)).location.partition("?")[0].rpartition("/")[2]
    ticket, other = shop.db["tickets"].find().sort("_id", 1)
    field = f"email-{ticket['_id']}"
    form = {"code": ticket["code"], "email": "ada"} | ({"order": order_id} if is_on_order else {})

    answer = buyer.post("/my/tickets/transfer", form)

    assert answer.status_code == 400
    page = shown(answer)
    assert (f"order/{order_id}" in page or 'data-state="PAID"' in page) == is_on_order
    found = re.search(rf'<input id="{field}" [^>]*>', page)
    assert found
    assert 'aria-invalid="true"' in found[0]
    assert f'aria-describedby="{field}-error hint-{ticket["_id"]}" autofocus' in found[0]
    assert f'id="{field}-error"' in page
    assert page.count("<details open>") == 1
    assert "<title>Please check: " in page
    assert 'class="summary"' not in page
    assert f'id="email-{other["_id"]}-error"' not in page


def test_form_on_the_order_names_its_order(shop: Shop, buyer: BuyingBrowser) -> None:
    (tier,) = shop.event(TierPlan("VIP")).tiers
    path = buyer.buy((tier, 1)).location.partition("?")[0]

    assert f'name="order" value="{path.rpartition("/")[2]}"' in shown(buyer.get(path))


@pytest.mark.parametrize("order", ["x", "%00", "0" * 500])
def test_refused_transfer_with_an_unknown_order_is_in_the_list(buyer: BuyingBrowser, order: str) -> None:
    answer = buyer.post("/my/tickets/transfer", {"code": "x", "email": "grace@example.org", "order": order})

    assert answer.status_code == 404
    page = shown(answer)
    assert "<h1>My tickets</h1>" in page
    assert "This ticket is not yours" in page
