"""Waiting list page: follows the entry's position, and leaves the list after a confirmation."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.booking_form import open_email_link
from tests.browser.conftest import Visit
from tests.browser.sample_event import fill_slot
from tests.conftest import Served

WIDTHS = [375, 768, 1280]
DATE = "2026-03-21"


@pytest.mark.parametrize("width", WIDTHS)
def test_waiting_list_is_left_only_after_confirming(visit: Visit, site: Served, width: int) -> None:
    slot = site.api.slots(DATE)[WIDTHS.index(width)]
    fill_slot(site.api, slot)
    entry = site.api.wait_for(slot).json["entry"]
    page = open_email_link(visit(width), entry)

    page.get_by_text("Leave the waiting list").click()
    page.get_by_role("button", name="No, keep my place").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You are number 1 on the waiting list")
    assert site.api.held("GET", entry).json["status"] == "waiting"
    page.get_by_text("Leave the waiting list").click()
    page.get_by_role("button", name="Yes, leave the list").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You have left the waiting list")

    assert site.api.held("GET", entry).json["status"] == "left"


@pytest.mark.parametrize("width", [375, 1280])
def test_waitlist_page_follows_position_and_promotion(visit: Visit, site: Served, width: int) -> None:
    slot = site.api.slots(DATE)[3 + WIDTHS.index(width) // 2]
    bookings = fill_slot(site.api, slot)
    site.api.wait_for(slot)
    entry = site.api.wait_for(slot).json["entry"]
    page = open_email_link(visit(width), entry)
    heading = page.get_by_role("heading", level=1)
    leave = page.locator(".change summary")
    expect(heading).to_have_text("You are number 2 on the waiting list")
    page.evaluate("window.isSamePage = true")
    leave.focus()

    site.api.held("DELETE", bookings[0])
    expect(heading).to_have_text("You are number 1 on the waiting list")
    site.api.held("DELETE", bookings[1])
    expect(heading).to_have_text("A place came free: it is booked for you")

    expect(page.get_by_role("status")).to_contain_text("A place came free")
    expect(leave).to_be_focused()
    assert page.evaluate("window.isSamePage"), "the page was reloaded"
    page.keyboard.press("Shift+Tab")
    expect(page.get_by_role("link", name="See all hours")).to_be_focused()
    expect(leave).to_have_count(0)
    page.get_by_role("link", name="View, reschedule or cancel your booking").click()
    expect(heading).to_have_text("Your booking")
    assert page.url.endswith(str(site.api.held("GET", entry).json["bookingId"]))


def test_leaving_after_a_promotion_shows_the_booking(visit: Visit, site: Served) -> None:
    slot = site.api.slots(DATE)[5]
    bookings = fill_slot(site.api, slot)
    entry = site.api.wait_for(slot).json["entry"]
    page = open_email_link(visit(), entry)
    page.get_by_text("Leave the waiting list").click()

    site.api.held("DELETE", bookings[0])
    expect(page.locator("#entry-status")).to_contain_text("A place came free: it is booked for you")
    page.get_by_role("button", name="Yes, leave the list").click()

    expect(page.get_by_role("link", name="View, reschedule or cancel your booking")).to_be_visible()
    expect(page.locator("#changes")).to_have_count(0)
    assert site.api.held("GET", entry).json["status"] == "promoted"
