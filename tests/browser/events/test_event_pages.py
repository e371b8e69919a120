"""Event pages in Chromium: no violations, live numbers, reservation, seats by map and keyboard, and without scripts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from core.i18n import LANGUAGES
from tests.browser.accessibility import AccessibilityInspector
from tests.browser.account.actions import new_email, sign_up
from tests.browser.conftest import Visit
from tests.browser.events.sample_events import SampleEvents, store_arena, take
from tests.browser.events.tour import tour_events
from tests.conftest import Served

PAGES = {
    *("events", "events-none", "event", "event-cancelled", "event-reserved", "event-waiting", "seats"),
    *("my-bookings-none", "my-bookings", "my-bookings-cancel"),
}
PAGE_BYTES = 100_000


@pytest.mark.parametrize("language", LANGUAGES)
def test_event_pages_have_no_violations(visit: Visit, sample: SampleEvents, language: str) -> None:
    page = visit(color_scheme="light", reduced_motion="reduce", locale=language)
    inspector = AccessibilityInspector(page)

    tour_events(inspector, sample)

    assert inspector.seen == {name: [] for name in PAGES}


def test_list_searches_while_typing_and_follows_the_stock(visit: Visit, site: Served, sample: SampleEvents) -> None:
    page = visit(1280)
    page.goto("/events")

    page.locator("#search").press_sequentially("summer")
    expect(page.locator(".event-card")).to_have_count(1)
    page.wait_for_url("**/events?search=summer")
    expect(page.locator("#result-count")).to_contain_text("1 event for")

    take(site.db, sample.concert.tiers[0].id, 500)
    expect(page.locator(".left-count")).to_have_text("5 of 800 left")
    expect(page.locator(".badge")).to_have_text("Last tickets")
    take(site.db, sample.concert.tiers[0].id, 320)
    expect(page.locator(".badge")).to_have_text("Going fast")


def test_event_page_keeps_the_choice_while_tickets_sell(visit: Visit, site: Served, sample: SampleEvents) -> None:
    page = visit()
    page.goto(f"/events/{sample.concert.id}")
    general = page.locator(f"#tier-{sample.concert.tiers[0].id}")
    vip = page.locator(f"#tier-{sample.concert.tiers[1].id}")
    general.get_by_role("button", name="One ticket more").click(click_count=2)
    expect(page.locator("#cart-sum")).to_have_text("2 tickets · US$20.00")

    take(site.db, sample.concert.tiers[1].id, 100)

    expect(vip.get_by_role("link", name="Sign in to join the waiting list")).to_be_visible()
    expect(general.locator("input")).to_have_value("2")
    take(site.db, sample.concert.tiers[1].id, 95)
    expect(vip.locator("input")).to_have_attribute("max", "5")
    expect(page.locator("#cart-sum")).to_have_text("2 tickets · US$20.00")


def test_sign_in_leads_back_to_the_event_without_scripts(visit: Visit, sample: SampleEvents) -> None:
    page = visit(java_script_enabled=False)
    email = new_email()
    page.goto(f"/events/{sample.concert.id}")
    page.get_by_role("link", name="Sign in to reserve").click()
    page.get_by_role("link", name="Create an account").click()
    page.locator("#name").fill("Ada Lovelace")
    page.locator("#email").fill(email)
    page.locator("#password").fill("correct horse 7")
    page.locator("main .card form button").click()
    page.wait_for_url(f"**/events/{sample.concert.id}?created=1")

    page.get_by_role("button", name="Reserve one ticket").click()

    expect(page.get_by_role("status").first).to_contain_text("Your ticket is reserved")
    page.locator(".own summary").click()
    page.locator(".own details .button-danger").click()
    expect(page.get_by_role("status").first).to_contain_text("Your reservation is cancelled")


def posted(page: Page, press: Callable[[], Any]) -> str:
    """Return the form that `press` posts to the cart."""
    page.route("**/cart", lambda route: route.fulfill(status=200, content_type="text/html", body="<title>x</title>"))
    with page.expect_request("**/cart") as request:
        press()
    return request.value.post_data or ""


def test_seats_are_chosen_by_keyboard_alone(visit: Visit, sample: SampleEvents) -> None:
    page = visit(1280)
    page.goto(f"/events/{sample.opera.id}/seats")
    row = page.get_by_role("button", name="Row B")
    row.focus()

    page.keyboard.press("Enter")
    expect(row).to_have_attribute("aria-expanded", "true")
    page.get_by_role("checkbox", name="B1", exact=True).wait_for()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")

    expect(page.locator("#chosen-sum")).to_have_text("B1 · 1 ticket · US$42.00")
    button = page.locator(".chosen-bar .button")
    form = posted(page, lambda: button.press("Enter"))
    assert f"seats={sample.opera.tiers[0].id}%3AB1" in form


def test_seats_are_chosen_without_scripts_across_rows(visit: Visit, sample: SampleEvents) -> None:
    page = visit(java_script_enabled=False)
    page.goto(f"/events/{sample.opera.id}/seats")
    page.get_by_role("button", name="Row A").click()
    page.get_by_role("checkbox", name="A2", exact=True).check()
    page.get_by_role("button", name="Row B").click()
    page.get_by_role("checkbox", name="B1", exact=True).check()

    form = posted(page, lambda: page.locator(".chosen-bar .button").click())

    tier = sample.opera.tiers[0].id
    assert f"seats={tier}%3AA2" in form
    assert f"seats={tier}%3AB1" in form


def test_ten_thousand_seats_are_a_small_page_with_a_map_to_tap(visit: Visit, site: Served) -> None:
    event = store_arena(site.db)
    page = visit(has_touch=True)
    answer = page.goto(f"/events/{event.id}/seats")
    assert answer
    assert len(answer.body()) < PAGE_BYTES

    page.locator("#seat-map svg").tap(position={"x": 150, "y": 120})
    expect(page.locator("#seat-map")).to_have_class("seat-map is-close")
    page.get_by_role("button", name="Row R1 ", exact=False).first.scroll_into_view_if_needed()
    page.locator("#seat-map svg").tap(position={"x": 46, "y": 48})

    expect(page.locator("#chosen-sum")).to_contain_text("R1-2")
    expect(page.locator(".seats-chosen rect")).to_have_count(1)


def test_limit_of_an_order_is_explained(visit: Visit, site: Served, sample: SampleEvents) -> None:
    site.db.events.update_one({"_id": sample.opera.id}, {"$set": {"maxPerOrder": 1}})
    page = visit()
    page.goto(f"/events/{sample.opera.id}/seats")
    page.get_by_role("button", name="Row B").click()
    page.get_by_role("checkbox", name="B1", exact=True).check()

    page.get_by_role("checkbox", name="B2", exact=True).click()

    expect(page.get_by_text("One order holds at most 1 ticket.")).to_be_visible()
    expect(page.get_by_role("checkbox", name="B2", exact=True)).not_to_be_checked()


def test_my_bookings_asks_before_it_cancels(visit: Visit, sample: SampleEvents) -> None:
    page = visit()
    sign_up(page, new_email())
    page.goto(f"/events/{sample.concert.id}")
    page.get_by_role("button", name="Reserve one ticket").click()
    page.locator(".success").wait_for()
    page.locator(".account-menu summary").click()
    page.get_by_role("link", name="My bookings").click()

    page.get_by_text("Cancel the reservation").first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Keep it")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(".chip")).to_have_text("Confirmed")
    page.get_by_text("Cancel the reservation").first.click()
    dialog.get_by_role("button", name="Cancel the reservation").click(delay=800)

    expect(page.locator(".chip")).to_have_text("Cancelled")
