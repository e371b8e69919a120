"""Refused choices of an event and of seats, without scripts: each leads back to where to choose."""

from __future__ import annotations

import html
import re

import pytest

from tests.orders.shop import Shop, TierPlan
from tests.pages.checkout.buying import BuyingBrowser, shown


@pytest.mark.parametrize("language", ["en", "de"])
def test_empty_choice_without_a_session_is_refused_at_the_event(
    shop: Shop, visitor: BuyingBrowser, language: str
) -> None:
    event = shop.event(TierPlan("VIP"), TierPlan("GA"))
    form = {f"quantity-{tier.id}": "0" for tier in event.tiers}

    answer = visitor.post("/cart", form, **{"Accept-Language": language})

    text = {"en": "Choose at least one ticket.", "de": "Wählen Sie mindestens ein Ticket."}[language]
    assert answer.status_code == 400
    assert text in shown(answer)
    assert f'data-event="{event.id}"' in answer.text


def test_choice_without_seats_is_refused_at_the_event(shop: Shop, visitor: BuyingBrowser) -> None:
    (seated,) = shop.event(TierPlan("VIP", seats=("A1", "A2"))).tiers

    answer = visitor.post("/cart", {"tier": seated.id})

    assert answer.status_code == 400
    assert "Choose at least one ticket." in shown(answer)


def test_choice_of_a_ticket_without_a_session_leads_to_the_sign_in(shop: Shop, visitor: BuyingBrowser) -> None:
    vip, general = shop.event(TierPlan("VIP"), TierPlan("GA")).tiers

    answer = visitor.choose((vip, 0), (general, 1))

    assert answer.status_code == 303
    assert "/sign-in" in str(answer.location)


def test_refused_seats_lead_back_to_those_that_are_free(shop: Shop, buyer: BuyingBrowser) -> None:
    (seated,) = shop.event(TierPlan("VIP", seats=("A1", "A2", "A3"))).tiers
    BuyingBrowser.signed_in(shop).post("/cart", {"seats": [f"{seated.id}:A1"]})

    answer = buyer.post("/cart", {"seats": [f"{seated.id}:A1", f"{seated.id}:A2"]})

    assert answer.status_code == 409
    (address,) = re.findall(r'href="(/events/[0-9a-f]+/seats[^"]*)"', answer.text)
    page = buyer.get(html.unescape(address)).text
    assert re.findall(r'value="[0-9a-f]+:(A\d)"[^>]* checked', page) == ["A2"]
