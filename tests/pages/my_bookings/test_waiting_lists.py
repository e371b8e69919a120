"""Waiting lists of events on the page with a person's own bookings."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from events.model import Tier
from tests.api.conftest import Clock, clock
from tests.orders.shop import Buyer, Shop, TierPlan
from tests.pages.checkout.buying import BuyingBrowser, shown

__all__ = ["clock"]
PATH = "/my/bookings"


@pytest.fixture
def shop(make_app: Callable[..., Flask], clock: Clock) -> Shop:
    return Shop(make_app(clock=clock))


@pytest.fixture
def ada(shop: Shop) -> BuyingBrowser:
    return BuyingBrowser.signed_in(shop)


@pytest.fixture
def tier(shop: Shop) -> Tier:
    """A tier of two tickets that are sold out."""
    return shop.event(TierPlan("VIP", 2500, 2), title="Jazz <Night>").tiers[0]


@pytest.fixture
def owner(shop: Shop, tier: Tier) -> Buyer:
    """The owner of both tickets."""
    owner = shop.buyer("Bob")
    assert owner.order((tier, 2)).status == 201
    return owner


def wait(browser: BuyingBrowser, tier: Tier, quantity: int = 1) -> None:
    form = {"tier": tier.id, "quantity": str(quantity)}
    assert browser.post(f"/events/{tier.event_id}/wait", form).status_code == 303


def free(owner: Buyer) -> None:
    (order,) = owner.send("GET", "/api/orders").json["data"]
    assert owner.send("POST", f"/api/orders/{order['id']}/cancel").status == 200


def test_waiting_lists_are_shown_with_the_position(shop: Shop, ada: BuyingBrowser, owner: Buyer, tier: Tier) -> None:
    eve = BuyingBrowser.signed_in(shop)
    wait(eve, tier)
    wait(ada, tier, 2)

    page = shown(ada.get(PATH))

    assert "Waiting lists" in page
    assert "Jazz <Night>" in page
    assert "You are number 2 in line for 2 tickets." in page
    assert "You are number 1 in line for 1 ticket." in shown(eve.get(PATH))


def test_offer_leads_to_the_checkout(ada: BuyingBrowser, owner: Buyer, tier: Tier) -> None:
    wait(ada, tier)
    free(owner)

    page = ada.get(PATH).text

    (offer,) = ada.shop.db["holds"].find({"kind": "offer"})
    assert f'href="/checkout?hold={offer["_id"]}"' in page
    assert "1 ticket is held for you until" in page
    assert "in line for" not in page
    assert ada.get(f"/checkout?hold={offer['_id']}").status_code == 200


def test_list_left_by_its_button_is_no_longer_shown(ada: BuyingBrowser, owner: Buyer, tier: Tier) -> None:
    wait(ada, tier)
    assert f'action="/events/{tier.event_id}/leave"' in ada.get(PATH).text

    ada.post(f"/events/{tier.event_id}/leave", {"tier": tier.id})

    assert "Waiting lists" not in ada.get(PATH).text


def test_other_person_and_person_who_waits_for_nothing_see_no_list(
    shop: Shop, ada: BuyingBrowser, owner: Buyer, tier: Tier
) -> None:
    wait(ada, tier)

    assert "Waiting lists" not in BuyingBrowser.signed_in(shop).get(PATH).text


def test_event_that_is_no_longer_public_is_left_out(ada: BuyingBrowser, owner: Buyer, tier: Tier) -> None:
    wait(ada, tier)
    ada.shop.db["events"].update_one({"_id": tier.event_id}, {"$set": {"status": "draft"}})

    page = ada.get(PATH)

    assert page.status_code == 200
    assert "Waiting lists" not in page.text
