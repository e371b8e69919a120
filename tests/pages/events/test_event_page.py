"""Page of an event: its facts, its tickets, its states."""

from __future__ import annotations

from core.mongo.client import Db
from tests.event_calls import new_tier, store_event
from tests.pages.account.page_browser import PageBrowser


def test_event_page_shows_tiers_with_price_and_what_is_left(browser: PageBrowser, db: Db) -> None:
    event = store_event(db, new_tier(price=2500), new_tier("VIP", 9000), description="Bring <friends>.")

    page = browser.get(f"/events/{event.id}")

    assert page.status_code == 200
    assert "Bring &lt;friends&gt;." in page.text
    assert f'name="quantity-{event.tiers[1].id}"' in page.text
    assert "US$90.00" in page.text


def test_unknown_event_is_a_page_with_status_404(browser: PageBrowser) -> None:
    page = browser.get(f"/events/{'0' * 32}")

    assert page.status_code == 404
    assert "<h1>" in page.text
