"""History navigation: a page restored from the back/forward cache is current and keeps what was typed."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.booking_form import (
    BOOK_BUTTON,
    expect_form_kept,
    open_email_link,
    open_filled_form,
    slot_state,
    wait_for_min_age,
)
from tests.browser.conftest import Visit
from tests.browser.routing import hold_requests
from tests.conftest import Served

FORM_DATE, MANAGED_DATE = "2026-03-17", "2026-03-19"
# Playwright disables the back/forward cache; this is the event of a restored page.
RESTORE = "dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))"

COUNT_STREAMS = """() => {
  window.streams = 0;
  window.EventSource = class extends EventSource { constructor(address) { super(address); streams += 1; } };
}"""


def restore(page: Page) -> None:
    page.evaluate(RESTORE)


@pytest.mark.parametrize("path", ["", "/done"])
def test_restored_booking_page_shows_a_later_cancellation(visit: Visit, site: Served, path: str) -> None:
    booking = site.api.book(site.api.slots(MANAGED_DATE)[bool(path)]).json["booking"]
    page = open_email_link(visit(), booking)
    page.goto(f"/bookings/{booking['id']}{path}")
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text("Your place is booked" if path else "Your booking")
    assert site.api.held("DELETE", booking).status == 200

    restore(page)

    expect(heading).to_have_text("This booking is cancelled")


def test_restored_form_is_kept_and_subscribes_again(visit: Visit, site: Served) -> None:
    page = open_filled_form(visit(), site.api.slots(FORM_DATE)[3])
    page.evaluate(COUNT_STREAMS)

    restore(page)

    expect_form_kept(page)
    assert page.evaluate("streams") == 1
    slot = site.api.slots(FORM_DATE)[3]
    site.api.book(slot)
    expect(slot_state(page, slot)).to_have_text("3 places left")


def test_restored_form_that_was_submitted_is_reloaded(visit: Visit, site: Served) -> None:
    page = open_filled_form(visit(), site.api.slots(FORM_DATE)[4])
    wait_for_min_age(page)
    hold_requests(page, "**/")
    with page.expect_request("**/"):
        page.locator(BOOK_BUTTON).click()
    expect(page.locator(BOOK_BUTTON)).to_have_text("One moment…")

    restore(page)

    expect(page.locator(BOOK_BUTTON)).to_have_text("Book this place")
    assert not page.evaluate("window.isSamePage")


def test_selected_slot_text_is_shown_after_going_back(visit: Visit, site: Served) -> None:
    page = open_filled_form(visit(), site.api.slots(FORM_DATE)[5])
    expect(page.locator("#selected-slot")).not_to_be_empty()
    text = page.locator("#selected-slot").inner_text()

    page.goto("/")
    page.go_back()

    expect(page.locator(".hours input:checked")).to_have_count(1)  # restored by the browser
    expect(page.locator("#selected-slot")).to_have_text(text)
