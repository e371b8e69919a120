"""List of events: search, order, pages, and availability in words."""

from __future__ import annotations

from core.mongo.client import Db
from tests.event_calls import new_tier, store_event
from tests.pages.account.page_browser import PageBrowser


def test_list_shows_each_event_with_its_facts(browser: PageBrowser, db: Db) -> None:
    event = store_event(db, new_tier(price=2500), new_tier("VIP", 9000), title="Jazz <Night>", venue="Blue Hall")

    page = browser.get("/events")

    assert page.status_code == 200
    assert "Jazz &lt;Night&gt;" in page.text
    assert f'href="/events/{event.id}"' in page.text
    assert "Blue Hall" in page.text
    assert "US$25.00" in page.text
    assert "20 of 20 left" in page.text
