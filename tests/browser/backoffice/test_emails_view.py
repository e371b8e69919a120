"""E-mails view: lists the outbox by state, and retries e-mails whose delivery failed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from tests.browser.backoffice.actions import WIDTHS, book_on, log_in, query_of
from tests.browser.backoffice.history import mark_failed
from tests.browser.conftest import Visit
from tests.conftest import Served
from tests.deferred import write_deferred

RETRY_DATE, MANY_DATE = "2026-03-29", "2026-03-31"


@pytest.mark.parametrize("width", WIDTHS)
def test_failed_email_is_retried(visit: Visit, site: Served, width: int) -> None:
    booking = book_on(site, RETRY_DATE)
    mark_failed(site.db, f"{booking['id']}-guest")
    page = visit(width)
    log_in(page, "/admin?view=letters")
    row = page.locator(".list tbody tr", has_text=booking["email"])
    expect(row).to_contain_text("mail server: 550 no such user")

    row.get_by_role("button", name=f"Try again: Confirmation to {booking['email']}").click()

    expect(page.locator("#notice")).to_have_text("The e-mail is being sent again.")
    expect(row).to_have_count(0)
    email = site.db["letters"].find_one({"_id": f"{booking['id']}-guest"})
    assert email
    assert email["state"] != "dead"
    page.locator("#state").select_option("any")
    expect(page.locator(".list tbody tr", has_text=booking["email"])).to_have_count(1)
    assert query_of(page) == "view=letters&state=any"


def add_failed_emails(site: Served, count: int) -> None:
    """Add copies of a failed e-mail, all about "many", with increasing times of creation."""
    booking = site.api.book(site.api.slots(MANY_DATE)[1]).json["booking"]
    email = write_deferred(site.db)["letters"].find_one({"_id": f"{booking['id']}-guest"}) or {}
    email.pop("dueAt", None)
    failed = {"state": "dead", "lastError": "mail server: 550", "about": "many"}
    copies = [
        {**email, **failed, "_id": f"{number:032x}-guest", "to": f"many{number}@example.org",
         "createdAt": datetime(2126, 3, 1, 0, number, tzinfo=UTC)}
        for number in range(count)
    ]  # fmt: skip
    site.db["letters"].insert_many(copies)


def test_emails_are_listed_in_pages_newest_first(visit: Visit, site: Served) -> None:
    add_failed_emails(site, 52)
    page = visit(1280)
    rows = page.locator(".list tbody tr")

    log_in(page, "/admin?view=letters")

    expect(rows).to_have_count(50)
    expect(rows.first).to_contain_text("many51@example.org")
    page.locator("#older").click()
    expect(rows.first).to_contain_text("many1@example.org")
    expect(rows.nth(1)).to_contain_text("many0@example.org")
    expect(page.locator("#letters")).to_be_focused()
    page.go_back()
    expect(rows.first).to_contain_text("many51@example.org")
    site.db["letters"].delete_many({"about": "many"})
