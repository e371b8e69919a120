"""Page of an event: its facts, its tickets, its states."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from core.mongo.client import Db
from events.model import EventStatus
from tests.event_calls import new_tier, store_event
from tests.pages.account.page_browser import PageBrowser, shown


def test_event_page_shows_tiers_with_price_and_what_is_left(browser: PageBrowser, db: Db) -> None:
    event = store_event(db, new_tier(price=2500), new_tier("VIP", 9000), description="Bring <friends>.")

    page = browser.get(f"/events/{event.id}")

    assert page.status_code == 200
    assert "Bring &lt;friends&gt;." in page.text
    assert f'name="quantity-{event.tiers[1].id}" type="number" inputmode="numeric" min="0" max="10"' in page.text
    assert '<form id="cart-form" method="post" action="/cart">' in page.text
    assert "US$90.00" in page.text


def test_quantity_is_limited_by_the_event(browser: PageBrowser, db: Db) -> None:
    event = store_event(db, new_tier(capacity=100), max_per_order=4)

    assert 'max="4"' in browser.get(f"/events/{event.id}").text


def test_withdrawn_tier_is_not_offered(browser: PageBrowser, db: Db) -> None:
    event = store_event(db, new_tier(), new_tier("OLD"))
    db.event_stock.update_one({"_id": event.tiers[1].id}, {"$set": {"withdrawn": True, "closed": True}})

    page = browser.get(f"/events/{event.id}")

    assert event.tiers[0].id in page.text
    assert event.tiers[1].id not in page.text


@pytest.mark.parametrize("event_id", ["0" * 32, "x", "%00", "%ED%A0%80", "{$gt:1}"])
def test_unknown_event_is_a_page_with_status_404(browser: PageBrowser, event_id: str) -> None:
    page = browser.get(f"/events/{event_id}")

    assert page.status_code == 404
    assert "<h1>" in page.text


def test_draft_is_not_shown(browser: PageBrowser, db: Db) -> None:
    event = store_event(db, status=EventStatus.DRAFT)

    assert browser.get(f"/events/{event.id}").status_code == 404


def test_cancelled_event_says_so_and_sells_nothing(browser: PageBrowser, db: Db) -> None:
    event = store_event(db, status=EventStatus.CANCELLED)

    page = browser.get(f"/events/{event.id}")

    assert "This event was cancelled." in page.text
    assert "cart-form" not in page.text


@pytest.mark.parametrize(
    ("date", "sales_end", "words"),
    [(1, -1, "Sales have ended."), (-1, -1, "This event is over.")],
)
def test_event_whose_sales_ended_says_so(browser: PageBrowser, db: Db, date: int, sales_end: int, words: str) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    event = store_event(db, date=now + timedelta(days=date), sales_end=now + timedelta(days=sales_end))

    page = browser.get(f"/events/{event.id}")

    assert words in page.text
    assert "cart-form" not in page.text
    assert "Reserve" not in page.text


def test_sold_out_tier_offers_the_waiting_list(browser: PageBrowser, db: Db) -> None:
    event = store_event(db, new_tier(capacity=1))
    db.event_stock.update_one({"_id": event.tiers[0].id}, {"$set": {"taken": 1}})

    page = browser.get(f"/events/{event.id}")

    assert "Sign in to join the waiting list" in page.text
    assert f'href="/sign-in?next=/events/{event.id}"' in page.text
    assert 'type="number"' not in page.text


@pytest.mark.parametrize("button", ["reserve", "cancel", "wait", "leave"])
def test_address_of_a_button_leads_to_the_event(browser: PageBrowser, db: Db, button: str) -> None:
    event = store_event(db)

    answer = browser.get(f"/events/{event.id}/{button}")

    assert (answer.status_code, answer.headers["Location"]) == (303, f"/events/{event.id}")


@pytest.mark.parametrize("button", ["reserve", "cancel", "wait", "leave"])
def test_button_without_a_session_leads_to_the_sign_in_and_back(browser: PageBrowser, db: Db, button: str) -> None:
    event = store_event(db)

    answer = browser.post(f"/events/{event.id}/{button}")
    back = browser.get(f"/events/{event.id}/{button}")

    assert (answer.status_code, answer.headers["Location"]) == (303, f"/sign-in?next=/events/{event.id}/{button}")
    assert (back.status_code, back.headers["Location"]) == (303, f"/events/{event.id}")


@pytest.mark.parametrize("button", ["reserve", "cancel", "wait", "leave"])
def test_button_pressed_from_another_site_is_refused(browser: PageBrowser, db: Db, button: str) -> None:
    event = store_event(db)
    browser.sign_up()

    answer = browser.post(f"/events/{event.id}/{button}", {}, **{"Sec-Fetch-Site": "cross-site"})

    assert answer.status_code == 403
    assert db.reservations.count_documents({}) == 0


def test_unknown_notice_is_not_shown(browser: PageBrowser, db: Db) -> None:
    event = store_event(db)

    page = browser.get(f"/events/{event.id}?notice=%3Cb%3E")

    assert "success" not in page.text
    assert '<b>"' not in shown(page)
