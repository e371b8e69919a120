"""Double taps: the second tap presses nothing that has just appeared under the finger."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.booking_form import (
    BOOK_BUTTON,
    MIN_FORM_AGE_SECONDS,
    WAITLIST_BUTTON,
    fill_details,
    open_email_link,
    select_slot,
    wait_for_min_age,
)
from tests.browser.conftest import Visit
from tests.browser.routing import record_posts
from tests.browser.sample_event import book_times, fill_slot
from tests.conftest import Served

MANAGED_DATE, FORM_DATE = "2026-03-21", "2026-03-23"
# The page's clock is paused between two taps, so that a slow machine cannot outlast the suppression.
CLOCK_START, CLOCK_PAUSE = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)
SUPPRESS_MS = 700


def tap(page: Page, target: Locator) -> None:
    """Tap at the target's position, even if it ignores taps."""
    target.evaluate("(target) => target.scrollIntoView({ block: 'center' })")
    box = target.bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def make_booking_or_entry(site: Served, kind: str) -> dict[str, Any]:
    slot = site.api.slots(MANAGED_DATE)[kind == "entry"]
    if kind == "booking":
        return book_times(site.api, slot, 1)[0]
    fill_slot(site.api, slot)
    entry: dict[str, Any] = site.api.wait_for(slot).json["entry"]
    return entry


@pytest.mark.parametrize("kind", ["booking", "entry"])
def test_double_tap_on_a_summary_does_not_confirm(visit: Visit, site: Served, kind: str) -> None:
    record = make_booking_or_entry(site, kind)
    page = visit(375, height=553)
    page.clock.install(time=CLOCK_START)
    open_email_link(page, record)
    page.clock.pause_at(CLOCK_PAUSE)
    confirm = page.locator("dialog .button-danger")

    page.locator("[data-confirm] summary").click()
    tap(page, confirm)
    expect(page.get_by_role("dialog")).to_be_visible()
    expect(confirm).to_have_css("pointer-events", "none")
    expect(confirm).to_be_enabled()
    page.clock.run_for(SUPPRESS_MS)
    expect(confirm).to_have_css("pointer-events", "auto")
    assert site.api.held("GET", record).json["status"] in ("confirmed", "waiting")
    tap(page, confirm)

    expect(page.locator("[data-confirm]")).to_have_count(0)
    assert site.api.held("GET", record).json["status"] in ("cancelled", "left")


def test_keyboard_confirms_without_a_delay(visit: Visit, site: Served) -> None:
    booking = site.api.book(site.api.slots(MANAGED_DATE)[2]).json["booking"]
    page = visit()
    page.clock.install(time=CLOCK_START)
    open_email_link(page, booking)
    page.clock.pause_at(CLOCK_PAUSE)

    page.locator("[data-confirm] summary").press("Enter")
    expect(page.get_by_role("button", name="No, keep it")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("This booking is cancelled")


def open_paused_form(page: Page, slot: dict[str, Any]) -> Page:
    """Return the page with a filled form for `slot`, and a paused clock."""
    page.clock.install(time=CLOCK_START)
    page.goto(f"/?date={slot['date']}")
    select_slot(page, slot["_id"])
    fill_details(page)
    page.clock.pause_at(CLOCK_PAUSE)
    return page


def test_double_tap_on_an_alternative_selects_only_that_one(visit: Visit, site: Served) -> None:
    slot = site.api.slots(FORM_DATE)[1]
    page = open_paused_form(visit(375, height=667), slot)
    fill_slot(site.api, slot)
    alternative = page.locator("#alternatives button").first
    expect(alternative).to_be_visible()
    posts = record_posts(page)

    tap(page, alternative)
    selected = page.locator(".hours input:checked")
    slot_id = selected.get_attribute("value")
    assert slot_id != slot["_id"]
    others = page.locator(f".hours input:not([value='{slot_id}'])")
    tap(page, others.first)
    tap(page, page.locator(BOOK_BUTTON))

    expect(selected).to_have_value(str(slot_id))
    assert posts == []
    page.clock.run_for(SUPPRESS_MS)
    tap(page, others.first)
    expect(selected).not_to_have_value(str(slot_id))


def test_submit_button_that_replaces_the_other_ignores_taps(visit: Visit, site: Served) -> None:
    slot = site.api.slots(FORM_DATE)[4]
    page = open_paused_form(visit(375, height=667), slot)
    book = page.locator(BOOK_BUTTON)
    wait = page.locator(WAITLIST_BUTTON)
    wait_for_min_age(page)
    posts = record_posts(page)

    bookings = fill_slot(site.api, slot)
    expect(wait).to_be_visible()
    tap(page, wait)
    expect(wait).to_have_css("pointer-events", "none")
    expect(wait).to_be_enabled()
    page.clock.run_for(SUPPRESS_MS)
    expect(wait).to_have_css("pointer-events", "auto")
    site.api.held("DELETE", bookings[0])
    expect(book).to_be_visible()
    tap(page, book)
    expect(book).to_have_css("pointer-events", "none")
    assert posts == []
    page.clock.run_for(SUPPRESS_MS)
    book.click()
    page.clock.run_for(int(MIN_FORM_AGE_SECONDS * 1000))  # the page holds the form until it is old enough

    expect(page.get_by_role("heading", level=1)).to_have_text("Your place is booked")
    assert len(posts) == 1
