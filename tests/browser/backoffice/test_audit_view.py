"""Audit view: lists the changes in pages, and links each to its booking or slot."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.backoffice.actions import WIDTHS, book_on, log_in, query_of
from tests.browser.conftest import Visit
from tests.conftest import Served

DATE, MANY_DATE = "2026-03-17", "2026-03-31"


def test_audit_is_listed_in_pages_newest_first(visit: Visit, site: Served) -> None:
    slot = site.api.slots(MANY_DATE)[0]
    for capacity in range(10, 62):
        assert site.api.admin("PATCH", f"/slots/{slot['_id']}", json={"capacity": capacity}).status == 200
    page = visit(1280)

    log_in(page, "/admin?view=audit")

    expect(page.locator(".list tbody tr")).to_have_count(50)
    expect(page.locator(".list tbody tr").first).to_contain_text("capacity: 61")
    page.locator("#older").click()
    expect(page.locator(".list tbody")).not_to_contain_text("capacity: 61")
    expect(page.locator(".list tbody")).to_contain_text("capacity: 11")


@pytest.mark.parametrize("width", WIDTHS)
def test_audit_entries_link_to_their_booking_and_slot(visit: Visit, site: Served, width: int) -> None:
    booking = book_on(site, DATE, fullName=f"Melba Mouton {width}")
    assert site.api.admin("POST", f"/bookings/{booking['id']}/resend").status == 202
    slot = site.api.slots(DATE)[0]
    for closed in (True, False):
        assert site.api.admin("PATCH", f"/slots/{slot['_id']}", json={"closed": closed}).status == 200
    page = visit(width)
    log_in(page, "/admin?view=audit")
    expect(page.locator(".list")).not_to_contain_text(slot["_id"])
    expect(page.locator(".list")).not_to_contain_text(booking["id"])

    opener = page.get_by_role("button", name=f"Booking {booking['reference']}")
    opener.click()
    expect(page.locator("#detail-title")).to_have_text(f"Booking {booking['reference']}")
    page.locator("#detail-close").click()
    expect(opener).to_be_focused()
    page.get_by_role("link", name=f"Tue, 17 Mar 2026, {slot['label']}").first.click()

    expect(page.locator(f"#close-{slot['_id']}")).to_be_visible()
    assert query_of(page) == f"view=slots&date={DATE}"


def test_audit_entry_of_a_missing_booking_reports_it(visit: Visit, site: Served) -> None:
    booking = book_on(site, DATE)
    assert site.api.admin("POST", f"/bookings/{booking['id']}/resend").status == 202
    page = visit(1280)
    page.route("**/api/admin/bookings?*", lambda route: route.fulfill(json={"items": []}))
    log_in(page, "/admin?view=audit")

    page.get_by_role("button", name=f"Booking {booking['reference']}").click()

    expect(page.locator("#notice")).to_have_text("There is no such booking.")
