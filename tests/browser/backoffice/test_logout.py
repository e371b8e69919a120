"""Logout: removes personal data from the page, and drops every response that arrives later."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.backoffice.actions import STORED_KEYS, log_in
from tests.browser.conftest import Visit
from tests.browser.routing import answer_and_settle, hold_requests, wait_for_held
from tests.conftest import Served

DATE = "2026-03-25"
NAME, EMAIL = "Wilhelmina Quigley", "wilhelmina@example.org"
LOGGED_OUT = "You are signed out"
# A download that never ends; the page records when it is aborted.
ENDLESS_DOWNLOAD = """
window.fetch = ((fetch) => (address, options) => {
  if (!String(address).includes("/export")) return fetch(address, options);
  window.isAborted = false;
  const body = new ReadableStream({ start(controller) {
    controller.enqueue(new TextEncoder().encode("a,b\\r\\n"));
    options.signal.addEventListener("abort", () => {
      window.isAborted = true;
      controller.error(options.signal.reason);
    });
  } });
  return Promise.resolve(new Response(body));
})(window.fetch);
"""


@pytest.fixture(scope="module")
def booking(site: Served) -> dict[str, Any]:
    """A booking whose name and e-mail address occur nowhere else."""
    made: dict[str, Any] = site.api.book(site.api.slots(DATE)[0], fullName=NAME, email=EMAIL).json["booking"]
    return made


def open_dialog(page: Page, booking: dict[str, Any]) -> None:
    page.locator(f"#booking-{booking['id']}").click()
    expect(page.locator("#detail")).to_contain_text(EMAIL)


def test_logout_removes_the_key_and_the_view(visit: Visit) -> None:
    page = visit(1280)
    log_in(page, "/admin?view=bookings&name=grace")
    expect(page.locator(".bookings-table")).to_contain_text("Grace Hopper")

    page.get_by_role("button", name="Sign out").click()

    expect(page.locator("#key")).to_be_focused()
    assert page.evaluate(STORED_KEYS) == []
    expect(page.locator("body")).not_to_contain_text("Grace Hopper")
    page.reload()
    expect(page.locator("#key")).to_be_visible()
    expect(page.locator("body")).not_to_contain_text("Grace Hopper")


def test_booking_that_arrives_after_logout_is_not_shown(visit: Visit, booking: dict[str, Any]) -> None:
    page = visit(1280)
    log_in(page, f"/admin?reference={booking['reference']}")
    held = hold_requests(page, "**/api/admin/letters?about=*")

    page.locator(f"#booking-{booking['id']}").click()
    route = wait_for_held(page, held).pop()
    page.locator("#logout").click()
    answer_and_settle(page, route)

    expect(page.locator("#notice")).to_contain_text(LOGGED_OUT)
    expect(page.locator("dialog[open]")).to_have_count(0)
    assert NAME not in page.content()


def test_change_answered_after_logout_opens_nothing(visit: Visit, booking: dict[str, Any]) -> None:
    page = visit(1280)
    log_in(page, f"/admin?reference={booking['reference']}")
    open_dialog(page, booking)
    held = hold_requests(page, "**/api/admin/bookings?*")

    page.locator("#resend").click()
    route = wait_for_held(page, held).pop()
    page.keyboard.press("Escape")
    page.locator("#logout").click()
    answer_and_settle(page, route)

    expect(page.locator("#notice")).to_contain_text(LOGGED_OUT)
    expect(page.locator("#key")).to_be_focused()
    assert EMAIL not in page.content()


def test_logout_empties_dialogs_view_and_live_region(visit: Visit, booking: dict[str, Any]) -> None:
    page = visit(1280)
    log_in(page, f"/admin?reference={booking['reference']}")
    open_dialog(page, booking)
    page.locator("#cancel").click()
    expect(page.locator("#confirm")).to_contain_text(NAME)
    page.locator("#confirm-no").click()
    page.locator("#detail-close").click()

    page.locator("#logout").click()

    expect(page.locator("#notice")).to_contain_text(LOGGED_OUT)
    for selector in ("#detail", "#confirm", "#announcer", "#view"):
        expect(page.locator(selector)).to_be_empty()
    log_in(page, f"/admin?reference={booking['reference']}")
    open_dialog(page, booking)


def test_logout_aborts_a_download(visit: Visit, booking: dict[str, Any]) -> None:
    page = visit(1280)
    page.add_init_script(ENDLESS_DOWNLOAD)
    log_in(page, f"/admin?reference={booking['reference']}")
    page.locator("#download").click()
    expect(page.locator(".progress [role=status]")).to_contain_text("0 of 1")

    page.locator("#logout").click()

    expect(page.locator("#notice")).to_contain_text(LOGGED_OUT)
    assert page.evaluate("window.isAborted")
