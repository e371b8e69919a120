"""What screen readers find on the pages of buying tickets and of accounts."""

from __future__ import annotations

import re

import pytest

from tests.orders.shop import Shop, TierPlan
from tests.pages.checkout.buying import BuyingBrowser, shown

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
