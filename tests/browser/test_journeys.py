"""Journeys: from the calendar to a booking and its cancellation, by mouse, by keyboard, and without scripts."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.booking_form import (
    BOOK_BUTTON,
    DATE,
    fill_details,
    new_email,
    select_slot,
    wait_for_min_age,
)
from tests.browser.conftest import Visit
from tests.browser.keyboard import tab_to
from tests.conftest import Served

WIDTHS = [375, 768, 1280]
FREE_DATE = "2026-03-19"


def stored_booking(site: Served, email: str) -> dict[str, Any]:
    """Return the only booking of a guest."""
    (booking,) = site.db["bookings"].find({"email": email})
    return dict(booking)


@pytest.mark.parametrize("width", WIDTHS)
def test_place_is_booked_rescheduled_and_cancelled_by_mouse(visit: Visit, site: Served, width: int) -> None:
    page = visit(width)
    email = new_email()
    slots = site.api.slots(FREE_DATE)

    page.goto("/")
    page.get_by_role("link", name="Thursday 19 March").click()
    select_slot(page, slots[1]["_id"])
    fill_details(page, email=email)
    expect(page.locator("#selected-slot")).to_have_text("Thursday 19 March, 10:00 to 11:00")
    wait_for_min_age(page)
    page.get_by_role("button", name="Book this place").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your place is booked")
    with page.expect_download() as file:
        page.get_by_role("link", name="Add to calendar").click()
    assert file.value.suggested_filename == "booking.ics"
    page.get_by_role("link", name="Change or cancel").click()
    page.get_by_text("Reschedule booking").click()
    page.locator(f"#move a[href*='date={slots[2]['date']}']").click()
    page.locator(f"#move input[value='{slots[2]['_id']}']").click()
    page.get_by_role("button", name="Reschedule").click()
    expect(page.locator(".when")).to_contain_text("11:00 to 12:00")
    cancel_booking(page)

    booking = stored_booking(site, email)
    assert (booking["status"], booking["phone"], booking["country"]) == ("cancelled", "+4930123456", "DE")
    assert "token" not in page.url


def cancel_booking(page: Page) -> None:
    """Cancel on the page of a booking, with or without scripts."""
    page.get_by_text("Cancel booking").click()
    page.get_by_role("button", name="Yes, cancel my booking").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("This booking is cancelled")


@pytest.mark.parametrize("width", WIDTHS)
def test_place_is_booked_and_cancelled_by_keyboard(visit: Visit, site: Served, width: int) -> None:
    page = visit(width)
    email = new_email()

    page.goto("/")
    tab_to(page, f"[data-day='{FREE_DATE}']")
    page.keyboard.press("Enter")
    page.locator(".slots").first.wait_for()
    tab_to(page, ".hours input")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    tab_to(page, "#fullName")
    page.keyboard.type("Grace Hopper")
    tab_to(page, "#email")
    page.keyboard.type(email)
    tab_to(page, "#country")
    page.keyboard.type("France")
    tab_to(page, "#phone")
    page.keyboard.type("06 12 34 56 78")
    wait_for_min_age(page)
    tab_to(page, BOOK_BUTTON)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your place is booked")
    page.get_by_role("link", name="Change or cancel").focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Your booking").wait_for()
    tab_to(page, ".change:nth-of-type(2) summary")
    page.keyboard.press("Enter")
    tab_to(page, ".button-danger")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("This booking is cancelled")

    booking = stored_booking(site, email)
    assert (booking["slotLabel"], booking["phone"], booking["status"]) == ("10:00-11:00", "+33612345678", "cancelled")


@pytest.mark.parametrize("width", WIDTHS)
def test_waiting_list_is_joined_and_left_without_scripts(visit: Visit, site: Served, width: int) -> None:
    page = visit(width, java_script_enabled=False)
    full = next(slot["_id"] for slot in site.api.slots(DATE) if slot["isFull"] and not slot["closed"])

    page.goto("/")
    page.get_by_role("link", name="Thursday 5 March").click()
    fill_details(page, email="ada@", message="Two of us")
    wait_for_min_age(page)
    page.get_by_role("button", name="Book this place").click()
    expect(page.locator("#hours")).to_be_focused()
    expect(page.locator("#message")).to_have_value("Two of us")
    expect(page.locator("#country")).to_have_value("DE")
    expect(page.locator("#email")).to_have_accessible_description(
        "Error: Enter your e-mail address, such as ada@example.org. "
        "We send your e-mail here, with the link to change or cancel."
    )
    page.locator("#email").fill(new_email())
    select_slot(page, full)
    book = page.get_by_role("button", name="Book this place")
    wait = page.get_by_role("button", name="Join the waiting list")
    expect(book).to_be_hidden()
    page.locator("#city").press("Enter")
    page.locator(".offers input").first.click()
    expect(wait).to_be_hidden()
    expect(book).to_be_visible()
    select_slot(page, full)
    wait.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("on the waiting list")
    page.get_by_text("Leave the waiting list").click()
    page.get_by_role("button", name="Yes, leave the list").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You have left the waiting list")


@pytest.mark.parametrize("width", WIDTHS)
def test_place_is_booked_and_cancelled_without_scripts(visit: Visit, site: Served, width: int) -> None:
    page = visit(width, java_script_enabled=False)

    page.goto(f"/?date={FREE_DATE}")
    select_slot(page, site.api.slots(FREE_DATE)[5]["_id"])
    fill_details(page, email=new_email())
    wait_for_min_age(page)
    page.get_by_role("button", name="Book this place").click()
    page.get_by_role("link", name="Change or cancel").click()

    cancel_booking(page)
