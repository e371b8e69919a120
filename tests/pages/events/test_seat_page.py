"""Page of the seats of a numbered tier."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from core.mongo.client import Db
from events.model import Event
from tests.event_calls import new_tier, store_event
from tests.orders.shop import Shop, TierPlan
from tests.pages.account.page_browser import PageBrowser
from tests.pages.checkout.buying import BuyingBrowser

LABELS = ("A1", "A2", "A3", "B1", "B2")


@pytest.fixture
def event(db: Db) -> Event:
    event = store_event(db, new_tier(), new_tier("HALL", 4200, len(LABELS), seats=LABELS))
    db.seats.update_one({"seat": "A2"}, {"$set": {"holder": "order", "sold": True}})
    return event


@pytest.fixture
def path(event: Event) -> str:
    return f"/events/{event.id}/seats"


def test_page_has_map_rows_and_best_seats(browser: PageBrowser, event: Event, path: str) -> None:
    page = browser.get(path)

    assert page.status_code == 200
    assert '<path class="seats-free" d="M0 5h7m13 0h7M0 15h17"/>' in page.text
    assert '<path class="seats-taken" d="M10 5h7"/>' in page.text
    assert "4 of 5 seats free" in page.text
    assert f'<select id="best" name="quantity-{event.tiers[1].id}">' in page.text
    assert "Row A" in page.text
    assert "2 free" in page.text


def test_open_row_has_its_seats_as_checkboxes(browser: PageBrowser, event: Event, path: str) -> None:
    page = browser.get(f"{path}?row=A")

    tier = event.tiers[1].id
    assert page.text.count('type="checkbox"') == 3
    assert f'name="seats" value="{tier}:A1" data-x="0" data-y="0">' in page.text
    assert f'name="seats" value="{tier}:A2" data-x="1" data-y="0" disabled>' in page.text


def test_choice_stays_while_another_row_is_opened(browser: PageBrowser, event: Event, path: str) -> None:
    tier = event.tiers[1].id

    page = browser.get(f"{path}?row=B&seats={tier}:A1&seats={tier}:B2")

    assert f'value="{tier}:A1" data-x="0" data-y="0" checked' in page.text
    assert f'value="{tier}:B2" data-x="1" data-y="1" checked' in page.text
    assert "2 seats chosen" in page.text
    assert page.text.partition("seats-chosen")[2].count("<rect") == 2


@pytest.mark.parametrize("choice", ["A2", "Z9", "", "%00", "%ED%A0%80", "[$gt]", "x" * 3000])
def test_choice_of_no_free_seat_is_ignored(browser: PageBrowser, event: Event, path: str, choice: str) -> None:
    page = browser.get(f"{path}?row={choice}&seats={event.tiers[1].id}:{choice}&seats={choice}")

    assert page.status_code == 200
    assert "chosen" not in page.text.partition('id="chosen-sum"')[2].partition("</p>")[0].removeprefix(' role="status"')
    assert "<rect" not in page.text.partition("seats-chosen")[2]


def test_part_of_a_row_is_its_seats_alone(browser: PageBrowser, path: str) -> None:
    page = browser.get(f"{path}?row=A&part=row")

    assert page.text.lstrip().startswith("<fieldset")
    assert page.text.count('type="checkbox"') == 3
    assert browser.get(f"{path}?row=Z&part=row").text.strip() == ""


@pytest.mark.parametrize("tier", ["x", "%00", "{$gt:1}"])
def test_unknown_tier_is_a_page_with_status_404(browser: PageBrowser, path: str, tier: str) -> None:
    assert browser.get(f"{path}?tier={tier}").status_code == 404


def test_tier_without_seats_is_not_found(browser: PageBrowser, event: Event, path: str) -> None:
    assert browser.get(f"{path}?tier={event.tiers[0].id}").status_code == 404


def test_event_without_seats_leads_to_its_page(browser: PageBrowser, db: Db) -> None:
    event = store_event(db)

    answer = browser.get(f"/events/{event.id}/seats")

    assert (answer.status_code, answer.headers["Location"]) == (303, f"/events/{event.id}")


def test_seats_of_an_event_whose_sales_ended_lead_to_its_page(browser: PageBrowser, db: Db) -> None:
    ended = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    event = store_event(db, new_tier("HALL", 4200, 1, seats=("A1",)), sales_end=ended)

    assert browser.get(f"/events/{event.id}/seats").status_code == 303


def test_event_page_leads_to_the_seats(browser: PageBrowser, event: Event) -> None:
    page = browser.get(f"/events/{event.id}")

    assert f'href="/events/{event.id}/seats?tier={event.tiers[1].id}"' in page.text
    assert "Best seats available" in page.text


def test_seats_of_the_own_cart_are_chosen_and_those_of_others_taken(app: Flask) -> None:
    shop = Shop(app)
    (tier,) = shop.event(TierPlan("VIP", seats=("A1", "A2", "A3"))).tiers
    buyer = BuyingBrowser.signed_in(shop)
    buyer.post("/cart", {"seats": f"{tier.id}:A1"})
    BuyingBrowser.signed_in(shop).post("/cart", {"seats": f"{tier.id}:A2"})

    first = buyer.get(f"/events/{tier.event_id}/seats").text
    row = buyer.get(f"/events/{tier.event_id}/seats?row=A").text

    assert f'name="seats" value="{tier.id}:A1" data-x="0" data-y="0" checked' in first
    assert f'value="{tier.id}:A2" data-x="1" data-y="0" disabled' in row
    assert f'value="{tier.id}:A1" data-x="0" data-y="0">' in row
    buyer.post("/cart", {"seats": [f"{tier.id}:A1", f"{tier.id}:A3"]})
    (cart,) = shop.db["holds"].find({"accountId": buyer.id, "state": "active"})
    assert cart["items"][0]["seats"] == ["A1", "A3"]
