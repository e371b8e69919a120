"""Booking dialog: details, e-mails and audit entries; cancels a booking and resends its e-mail."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.backoffice.actions import WIDTHS, book_on, find_booking
from tests.browser.conftest import Visit
from tests.browser.keyboard import tab_to
from tests.conftest import Served
from tests.factories import ADMIN_KEY

DETAILS_DATE, CANCEL_DATE, RESEND_DATE = "2026-03-25", "2026-03-27", "2026-03-17"


def stored_status(site: Served, booking_id: str) -> str:
    found = site.db["bookings"].find_one({"_id": booking_id}, {"status": 1}) or {}
    return str(found["status"])


def test_dialog_shows_details_emails_and_audit(visit: Visit, site: Served) -> None:
    booking = book_on(site, DETAILS_DATE, fullName="Katherine Johnson", message="One\nTwo")
    assert site.api.admin("POST", f"/bookings/{booking['id']}/resend").status == 202
    page = visit(1280)
    find_booking(page, "katherine", booking)

    facts = page.locator("#detail .facts")
    for text in ("Katherine Johnson", booking["email"], booking["phone"], "Wed, 25 Mar 2026", "One\nTwo"):
        expect(facts).to_contain_text(text)
    emails = page.locator("#detail .list tbody tr")
    expect(emails).to_have_count(3)
    assert emails.locator("td:first-child").all_text_contents().count("Confirmation") == 2
    expect(page.locator(".history li")).to_have_count(1)
    expect(page.locator(".history")).to_contain_text("E-mail resent, by key-")


def test_email_about_a_rescheduled_booking_names_the_new_time(visit: Visit, site: Served) -> None:
    booking = book_on(site, RESEND_DATE, fullName="Christine Darden")
    target = site.api.slots(RESEND_DATE)[-1]
    answer = site.api.held("POST", booking, "/reschedule", json={"slotId": target["_id"]})
    assert answer.status == 200, answer.body
    page = visit(1280)
    find_booking(page, "darden", booking)

    names = page.locator("#detail .list tbody td:first-child").all_text_contents()
    assert f"Rescheduled to Tue, 17 Mar 2026, {target['label']}" in names


@pytest.mark.parametrize("width", WIDTHS)
def test_booking_is_cancelled_only_after_confirming(visit: Visit, site: Served, width: int) -> None:
    booking = book_on(site, CANCEL_DATE, fullName=f"Dorothy Vaughan {width}")
    page = visit(width)
    find_booking(page, f"vaughan+{width}", booking)

    page.locator("#cancel").click()
    expect(page.locator("#confirm")).to_contain_text(f"Dorothy Vaughan {width}")
    expect(page.locator("#confirm-no")).to_be_focused()
    page.locator("#confirm-no").click()
    expect(page.locator("#confirm")).to_be_hidden()
    expect(page.locator("#cancel")).to_be_focused()
    assert stored_status(site, booking["id"]) == "confirmed"
    page.locator("#cancel").click()
    page.locator("#confirm-yes").click()

    expect(page.locator("#dialog-notice")).to_have_text("Cancelled; the guest gets an e-mail.")
    expect(page.locator("#cancel")).to_have_count(0)
    expect(page.locator(".history")).to_contain_text("Cancelled, by key-")
    assert stored_status(site, booking["id"]) == "cancelled"
    page.locator("#detail-close").click()
    expect(page.locator(f"#booking-{booking['id']}")).to_be_focused()
    expect(page.locator(".bookings-table")).to_contain_text("Cancelled")


def test_booking_is_found_and_cancelled_by_keyboard(visit: Visit, site: Served) -> None:
    booking = book_on(site, CANCEL_DATE, fullName="Mary Jackson")
    page = visit(1280)
    page.goto("/admin")
    page.keyboard.type(ADMIN_KEY)
    page.keyboard.press("Enter")
    page.locator(".bookings-table").wait_for()

    tab_to(page, "#name")
    page.keyboard.type("mary jack")
    page.keyboard.press("Enter")
    expect(page.locator(".bookings-table .link-button")).to_have_count(1)
    expect(page.locator("#name")).to_be_focused()
    tab_to(page, ".bookings-table .link-button")
    page.keyboard.press("Enter")
    expect(page.locator("#detail")).to_be_visible()
    tab_to(page, "#resend")
    page.keyboard.press("Enter")
    expect(page.locator("#dialog-notice")).to_have_text("The e-mail is on its way again.")
    page.keyboard.press("Escape")
    expect(page.locator("#detail")).to_be_hidden()
    expect(page.locator(f"#booking-{booking['id']}")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#detail")).to_be_visible()
    tab_to(page, "#cancel")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(page.locator("#confirm")).to_be_hidden()
    expect(page.locator("#detail")).to_be_visible()
    tab_to(page, "#cancel")
    page.keyboard.press("Enter")
    tab_to(page, "#confirm-yes")
    page.keyboard.press("Enter")
    expect(page.locator("#dialog-notice")).to_have_text("Cancelled; the guest gets an e-mail.")

    templates = [row["template"] for row in site.db["letters"].find({"about": booking["id"]})]
    assert (templates.count("guest_booking"), templates.count("guest_cancellation")) == (2, 1)


@pytest.mark.parametrize("width", WIDTHS)
def test_resend_button_does_not_move_after_a_click(visit: Visit, site: Served, width: int) -> None:
    booking = book_on(site, RESEND_DATE, fullName=f"Annie Easley {width}")
    page = visit(width)
    find_booking(page, f"easley+{width}", booking)
    before = page.locator("#resend").bounding_box()

    page.locator("#resend").click()
    expect(page.locator("#dialog-notice")).to_have_text("The e-mail is on its way again.")

    expect(page.locator("#detail .list tbody tr")).to_have_count(3)
    expect(page.locator("#dialog-notice")).to_be_in_viewport()
    assert page.locator("#resend").bounding_box() == before
