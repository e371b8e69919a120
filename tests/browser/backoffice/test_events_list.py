"""Events view: the list with its search, filter and pages, and what is sold of each kind of tickets."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.backoffice.actions import WIDTHS, log_in, open_view, query_of
from tests.browser.conftest import Visit
from tests.browser.events.sample_events import take
from tests.browser.keyboard import tab_to
from tests.conftest import Served
from tests.event_calls import create_event, tier_form


@pytest.mark.parametrize("width", WIDTHS)
def test_list_shows_what_is_sold_held_and_left_of_each_tier(visit: Visit, site: Served, width: int) -> None:
    tiers = [tier_form("GA", "10.00", 500, name="General admission"), tier_form("VIP", "99.00", 20)]
    event = create_event(site.api, title=f"Garden Concert {width}", tiers=tiers)
    take(site.db, event["tiers"][0]["id"], 320)
    site.db["event_stock"].update_one({"_id": event["tiers"][0]["id"]}, {"$set": {"held": 20}})
    page = visit(width)
    log_in(page)

    open_view(page, "events")

    row = page.locator("tr", has=page.locator(f"#event-{event['id']}"))
    expect(row).to_contain_text("Published")
    expect(row.locator(".tier-list li")).to_have_text(
        ["General admission 300 sold, 20 held, 180 left", "Vip 0 sold, 0 held, 20 left"]
    )
    page.locator(f"#event-{event['id']}").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(event["title"])
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Events")


def test_events_are_found_by_title_and_state(visit: Visit, site: Served) -> None:
    draft = create_event(site.api, title="Winter Opera", status="draft")
    published = create_event(site.api, title="Opera in the Park")
    page = visit(1280)
    log_in(page, "/admin?view=events")

    tab_to(page, "#search")
    page.keyboard.type("opera")
    page.keyboard.press("Enter")
    expect(page.locator("#result-count")).to_have_text("Events found: 2")
    page.locator("#status").select_option("draft")
    expect(page.locator("#result-count")).to_have_text("Events found: 1")

    assert query_of(page) == "view=events&search=opera&status=draft"
    row = page.locator("tr", has=page.locator(f"#event-{draft['id']}"))
    expect(row).to_contain_text("Draft")
    expect(row).to_contain_text("10 left")
    expect(page.locator(f"#event-{published['id']}")).to_have_count(0)
    page.locator("#search").fill("no such title")
    page.locator("#find").click()
    expect(page.locator("#view")).to_contain_text("No event matches.")


def test_pages_of_events_are_turned(visit: Visit, site: Served) -> None:
    for number in range(26):
        create_event(site.api, title=f"Lecture {number}")
    page = visit(1280)
    log_in(page, "/admin?view=events&search=lecture")
    expect(page.locator(".events-table tbody tr")).to_have_count(25)

    page.locator("#next").click()

    expect(page.locator(".events-table tbody tr")).to_have_count(1)
    expect(page.locator("#result-count")).to_be_focused()
    page.goto("/admin?view=events&search=lecture&page=9")
    expect(page.locator(".pagination")).to_contain_text("Page 2 of 2")
