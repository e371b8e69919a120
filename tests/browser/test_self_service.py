"""Self-service page of a booking: opened by its e-mail's link, rescheduled, exported and cancelled."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.booking_form import open_email_link
from tests.browser.conftest import Visit
from tests.browser.keyboard import tab_to
from tests.browser.routing import hold_requests, wait_for_held
from tests.conftest import Served

WIDTHS = [375, 768, 1280]
DATE = "2026-03-19"
FOCUSED = "document.activeElement"


def test_email_link_leaves_no_token_in_the_address(visit: Visit, site: Served) -> None:
    booking = site.api.book(site.api.slots(DATE)[6]).json["booking"]
    page = visit()

    page.goto(f"/bookings/{booking['id']}#{booking['manageUrl'].partition('#')[2]}")

    expect(page.get_by_text(booking["reference"])).to_be_visible()
    assert page.url == f"{site.url}/bookings/{booking['id']}"


def open_dialog_by_keyboard(page: Page, summary: str) -> Locator:
    """Open a dialog, close it with each key that closes it, and return it open with the focus on its first button."""
    tab_to(page, summary)
    dialog = page.get_by_role("dialog")
    for closing_key in ("Escape", "Enter"):
        page.keyboard.press("Enter")
        expect(dialog).to_be_visible()
        expect(dialog.get_by_role("button").first).to_be_focused()
        for _ in range(6):
            page.keyboard.press("Tab")
            is_inside = page.evaluate(f"Boolean({FOCUSED}.closest('dialog')) || {FOCUSED} === document.body")
            assert is_inside, "the focus left the dialog"
        dialog.get_by_role("button").first.focus()
        page.keyboard.press(closing_key)
        expect(dialog).to_be_hidden()
        expect(page.locator(summary)).to_be_focused()
    page.keyboard.press("Space")
    return dialog


def reschedule_by_keyboard(page: Page) -> None:
    """Move a booking to the first hour of 19 March; the focus is at the hours once the day is chosen."""
    tab_to(page, "#move > summary")
    page.keyboard.press("Enter")
    tab_to(page, "#move a[href*='date=2026-03-19']")
    page.keyboard.press("Enter")
    expect(page.locator("#move-hours h2")).to_have_text("Thursday 19 March")
    expect(page.get_by_role("form", name="Thursday 19 March")).to_be_focused()
    tab_to(page, "#move-hours input")
    page.keyboard.press("Space")
    tab_to(page, ".change form button:has-text('Reschedule')")
    page.keyboard.press("Enter")


@pytest.mark.parametrize("width", WIDTHS)
def test_booking_is_managed_by_keyboard(visit: Visit, site: Served, width: int) -> None:
    booking = site.api.book(site.api.slots(DATE)[0]).json["booking"]
    page = open_email_link(visit(width), booking)

    tab_to(page, "a[download]:has-text('Add to calendar')")
    with page.expect_download() as calendar:
        page.keyboard.press("Enter")
    reschedule_by_keyboard(page)
    expect(page.locator(".when")).to_contain_text("10:00 to 11:00")
    expect(page.get_by_role("status")).to_be_focused()
    expect(page.get_by_role("status")).to_contain_text("It is now on Thursday 19 March 2026, 10:00 to 11:00.")
    expect(page).to_have_url(f"{site.url}/bookings/{booking['id']}")  # set by a script, which may run later
    page.reload()
    expect(page.get_by_role("status")).to_have_count(0)
    expect(page.locator(".when")).to_contain_text("10:00 to 11:00")
    expect(page.locator(".summary")).to_have_count(0)
    tab_to(page, ".change:has(a[download]) summary")
    page.keyboard.press("Space")
    tab_to(page, ".change a[download]")
    with page.expect_download() as personal_data:
        page.keyboard.press("Enter")
    open_dialog_by_keyboard(page, ".change[data-confirm] summary")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Yes, cancel my booking")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("This booking is cancelled")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("This booking is cancelled")

    assert b"BEGIN:VCALENDAR" in calendar.value.path().read_bytes()
    assert json.loads(personal_data.value.path().read_text())["booking"]["email"] == booking["email"]
    stored = site.db["bookings"].find_one({"_id": booking["id"]}) or {}
    assert (stored["status"], stored["slotLabel"]) == ("cancelled", "10:00-11:00")


def test_details_opened_before_the_scripts_stay_usable(visit: Visit, site: Served) -> None:
    page = open_email_link(visit(), site.api.book(site.api.slots(DATE)[7]).json["booking"])
    confirm = page.get_by_role("button", name="Yes, cancel my booking")
    held = hold_requests(page, "**/self_service.js")
    page.goto(page.url, wait_until="commit")

    page.get_by_text("Cancel booking").click()
    expect(confirm).to_be_visible()
    wait_for_held(page, held).pop().continue_()
    page.wait_for_load_state()
    for is_open in (False, True):
        page.get_by_text("Cancel booking").click()
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(confirm).to_be_visible(visible=is_open)
    confirm.click()

    expect(page.get_by_role("heading", level=1)).to_have_text("This booking is cancelled")
