"""The booking form as a guest uses it: select a slot, fill in the details, wait for the minimum age, submit."""

from __future__ import annotations

import re
import uuid
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Locator, Page, expect

DATE = "2026-03-05"
ADA = {"fullName": "Ada Lovelace", "email": "ada@example.org", "phone": "030 123456", "city": "Berlin"}
BOOK_BUTTON, WAITLIST_BUTTON = ".submit-book button", ".submit-wait button"
# The service refuses a form that is younger, by its own clock.
MIN_FORM_AGE_SECONDS = 2.1


def new_email() -> str:
    """Return an e-mail address that no booking has."""
    return f"guest-{uuid.uuid4().hex[:10]}@example.org"


def fill_details(page: Page, **changes: str) -> None:
    """Type Ada's details with `changes`; the country is Germany."""
    for name, value in {**ADA, **changes}.items():
        page.locator(f"#{name}").fill(value)
    page.locator("#country").select_option("DE")


def day_link(page: Page, name: str) -> Locator:
    """Return the link of a day on the unfolded calendar."""
    unfold_calendar(page)
    return page.get_by_role("link", name=name)


def unfold_calendar(page: Page) -> None:
    """Unfold the calendar, which a small screen folds once a date is chosen."""
    unfold = page.locator("[data-unfold]")
    if unfold.is_visible():
        unfold.click()


def select_slot(page: Page, slot_id: str) -> None:
    """Select a slot with the mouse."""
    page.locator(f".hours input[value='{slot_id}']").click()


def wait_for_min_age(page: Page) -> None:
    """Wait until the service accepts the form."""
    page.wait_for_timeout(MIN_FORM_AGE_SECONDS * 1000)


def open_filled_form(page: Page, slot: dict[str, Any], **changes: str) -> Page:
    """Return the page with the form filled in for `slot`. A mark on its window shows whether it was reloaded."""
    page.goto(f"/?date={slot['date']}")
    select_slot(page, slot["_id"])
    fill_details(page, **{"email": new_email(), "message": "Two of us", **changes})
    page.evaluate("window.isSamePage = true")
    return page


def expect_form_kept(page: Page, email: str | re.Pattern[str] = re.compile("guest-")) -> None:
    """Expect the page of `open_filled_form` without a reload, with everything that was typed."""
    assert page.evaluate("window.isSamePage")
    expect(page.locator("#email")).to_have_value(email)
    expect(page.locator("#message")).to_have_value("Two of us")
    expect(page.locator("#country")).to_have_value("DE")


def slot_state(page: Page, slot: dict[str, Any]) -> Locator:
    """Return the text on a slot's card, such as the places left."""
    return page.locator(f".hours .slot[data-slot='{slot['_id']}'] .slot-state")


def open_email_link(page: Page, record: dict[str, Any]) -> Page:
    """Open the self-service page of a booking or a waiting list entry by the link in its e-mail."""
    address = urlsplit(record["manageUrl"])
    page.goto(f"{address.path}#{address.fragment}")
    page.locator(".facts").wait_for()
    return page
