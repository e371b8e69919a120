"""List of events: search, order, pages, and availability in words."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from werkzeug.test import TestResponse

from core.mongo.client import Db
from events.model import EventStatus
from tests.event_calls import new_tier, store_event
from tests.pages.account.page_browser import PageBrowser, shown


def titles(page: TestResponse) -> list[str]:
    return re.findall(r'<h2><a href="/events/[0-9a-f]+">([^<]*)</a></h2>', page.text)


def badges(page: TestResponse) -> list[str]:
    return re.findall(r'<p class="badge">([^<]*)</p>', page.text)


def test_list_shows_each_event_with_its_facts(browser: PageBrowser, db: Db) -> None:
    event = store_event(db, new_tier(price=2500), new_tier("VIP", 9000), title="Jazz <Night>", venue="Blue Hall")

    page = browser.get("/events")

    assert page.status_code == 200
    assert "Jazz &lt;Night&gt;" in page.text
    assert f'href="/events/{event.id}"' in page.text
    assert "Blue Hall" in page.text
    assert '<span class="price-from">from</span> <b>US$25.00</b>' in page.text
    assert "20 of 20 left" in page.text
    assert re.search(r"<span>\d\d:\d\d CES?T</span>", page.text)


def test_list_without_events_leads_to_the_booking_page(browser: PageBrowser, db: Db) -> None:
    store_event(db, status=EventStatus.DRAFT)

    page = browser.get("/events")

    assert "No events are on sale yet" in page.text
    assert 'class="button" href="/"' in page.text


@pytest.mark.parametrize(
    ("taken", "words"),
    [
        (0, "Available"),
        (49, "Available"),
        (50, "Going fast"),
        (90, "Going fast"),
        (91, "Last tickets"),
        (100, "Sold out"),
    ],
)
def test_badge_says_in_words_how_much_is_left(browser: PageBrowser, db: Db, taken: int, words: str) -> None:
    event = store_event(db, new_tier(capacity=100))
    db.event_stock.update_one({"_id": event.tiers[0].id}, {"$set": {"taken": taken}})

    page = browser.get("/events")

    assert badges(page) == [words]
    assert f"{100 - taken} of 100 left" in page.text


def test_badge_of_a_past_event_says_so(browser: PageBrowser, db: Db) -> None:
    past = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
    store_event(db, date=past, sales_end=past)

    assert badges(browser.get("/events")) == ["Past"]


def test_free_event_says_free(browser: PageBrowser, db: Db) -> None:
    store_event(db, new_tier(price=0))

    assert "<b>Free</b>" in browser.get("/events").text


def test_search_finds_titles_and_places_without_accents(browser: PageBrowser, db: Db) -> None:
    store_event(db, title="Café Concert")
    store_event(db, title="Reading", venue="Grand Cafe")
    store_event(db, title="Marathon")

    page = browser.get("/events?search=CAFE")

    assert sorted(titles(page)) == ["Café Concert", "Reading"]
    assert "2 events for “CAFE”" in shown(page)
    assert 'value="CAFE"' in page.text


def test_search_without_a_match_leads_to_all_events(browser: PageBrowser, db: Db) -> None:
    store_event(db)

    page = browser.get("/events?search=%3Cnothing%3E")

    assert "No event matches “<nothing>”" in shown(page)
    assert "<nothing>" not in page.text
    assert 'data-page href="/events"' in page.text


@pytest.mark.parametrize(
    ("sort", "order"),
    [("", ["B", "C", "A"]), ("price", ["A", "B", "C"]), ("price-desc", ["C", "B", "A"]), ("title", ["A", "B", "C"])],
)
def test_list_is_sorted_as_asked(browser: PageBrowser, db: Db, sort: str, order: list[str]) -> None:
    start = datetime.now(UTC).replace(microsecond=0)
    for title, days, price in (("A", 9, 100), ("B", 3, 200), ("C", 6, 300)):
        store_event(db, new_tier(price=price), title=title, date=start + timedelta(days=days))

    assert titles(browser.get(f"/events?sort={sort}")) == order


def test_list_by_price_follows_the_cheapest_tier(browser: PageBrowser, db: Db) -> None:
    store_event(db, new_tier(price=7500), title="Marathon")
    store_event(db, new_tier("VIP", 10000), new_tier(price=1000), title="Summer")
    store_event(db, new_tier(price=9000), title="Gala")

    cheap = browser.get("/events?sort=price")

    assert titles(cheap) == ["Summer", "Marathon", "Gala"]
    assert "3 events · Lowest price first" in cheap.text
    assert titles(browser.get("/events?sort=price-desc")) == ["Gala", "Marathon", "Summer"]


def test_pages_show_each_event_once(browser: PageBrowser, db: Db) -> None:
    for number in range(14):
        store_event(db, title=f"Event {number:02}")

    first = browser.get("/events?sort=title")
    second = browser.get("/events?sort=title&page=2")

    assert len(titles(first)) == 12
    assert titles(second) == ["Event 12", "Event 13"]
    assert 'rel="next" data-page href="/events?sort=title&amp;page=2"' in first.text
    assert 'rel="prev" data-page href="/events?sort=title&amp;page=1"' in second.text
    assert "Page 2 of 2" in second.text


def test_page_behind_the_last_one_leads_back(browser: PageBrowser, db: Db) -> None:
    store_event(db)

    page = browser.get("/events?page=999999999")

    assert page.status_code == 200
    assert "This page is empty" in page.text


@pytest.mark.parametrize(
    "query",
    [
        "search=a%00b",
        "search=%ED%A0%80%00",
        f"search={'x' * 201}",
        "sort=venue",
        "sort[$gt]=&sort=%00",
        "page=one",
        "page=-1x",
    ],
)
def test_invalid_query_is_a_page_with_status_400(browser: PageBrowser, query: str) -> None:
    page = browser.get(f"/events?{query}")

    assert page.status_code == 400
    assert "Please search for a title or a place." in page.text


def test_parameters_of_campaigns_are_ignored(browser: PageBrowser) -> None:
    assert browser.get("/events?utm_source=letter").status_code == 200


def test_list_is_german_where_the_browser_prefers_it(browser: PageBrowser, db: Db) -> None:
    store_event(db, new_tier(price=2500))

    page = browser.get("/events", headers={"Accept-Language": "de"})

    assert "10 von 10 frei" in page.text
    assert "25,00\N{NO-BREAK SPACE}$" in page.text
