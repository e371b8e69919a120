"""Signing out of the back office: nothing of any guest stays in the page, and nothing that comes later gets into it."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.backoffice import enter
from tests.browser.conftest import Visit
from tests.browser.journeys import caught
from tests.conftest import Served

DATE = "2026-03-25"
NAME, EMAIL = "Wilhelmina Quigley", "wilhelmina@example.org"
LEFT = "You are signed out"
# A download that never ends by itself; the page is told when it is given up.
ENDLESS = """
window.fetch = ((fetch) => (address, options) => {
  if (!String(address).includes("/export")) return fetch(address, options);
  window.isGivenUp = false;
  const body = new ReadableStream({ start(controller) {
    controller.enqueue(new TextEncoder().encode("a,b\\r\\n"));
    options.signal.addEventListener("abort", () => {
      window.isGivenUp = true;
      controller.error(options.signal.reason);
    });
  } });
  return Promise.resolve(new Response(body));
})(window.fetch);
"""


@pytest.fixture(scope="module")
def made(site: Served) -> dict[str, Any]:
    """A booking of somebody whose name is nowhere else."""
    booking: dict[str, Any] = site.api.book(site.api.slots(DATE)[0], fullName=NAME, email=EMAIL).json["booking"]
    return booking


def opened(page: Page, made: dict[str, Any]) -> None:
    """See the booking in its dialog."""
    page.locator(f"#booking-{made['id']}").click()
    expect(page.locator("#detail")).to_contain_text(EMAIL)


def answered(page: Page, route: Route) -> None:
    """Let what is held back be answered, and the page have read the answer."""
    with page.expect_response(route.request.url):
        route.continue_()
    page.evaluate("fetch('/api/health').then((answer) => answer.text())")


def test_a_booking_that_comes_after_signing_out_is_not_shown(visit: Visit, made: dict[str, Any]) -> None:
    page, held = visit(1280), list[Route]()
    enter(page, f"/admin?reference={made['reference']}")
    page.route("**/api/admin/letters?about=*", lambda route: held.append(route))  # noqa: PLW0108 # Playwright marks it

    page.locator(f"#booking-{made['id']}").click()
    route = caught(page, held).pop()
    page.locator("#logout").click()
    answered(page, route)

    expect(page.locator("#notice")).to_contain_text(LEFT)
    expect(page.locator("dialog[open]")).to_have_count(0)
    assert NAME not in page.content()


def test_a_change_that_is_answered_after_signing_out_opens_nothing(visit: Visit, made: dict[str, Any]) -> None:
    page, held = visit(1280), list[Route]()
    enter(page, f"/admin?reference={made['reference']}")
    opened(page, made)
    page.route("**/api/admin/bookings?*", lambda route: held.append(route))  # noqa: PLW0108 # Playwright marks it

    page.locator("#resend").click()
    route = caught(page, held).pop()
    page.keyboard.press("Escape")
    page.locator("#logout").click()
    answered(page, route)

    expect(page.locator("#notice")).to_contain_text(LEFT)
    expect(page.locator("#key")).to_be_focused()
    assert EMAIL not in page.content()


def test_what_was_looked_at_is_gone_from_the_page_after_signing_out(visit: Visit, made: dict[str, Any]) -> None:
    page = visit(1280)
    enter(page, f"/admin?reference={made['reference']}")
    opened(page, made)
    page.locator("#cancel").click()
    expect(page.locator("#confirm")).to_contain_text(NAME)
    page.locator("#confirm-no").click()
    page.locator("#detail-close").click()

    page.locator("#logout").click()

    expect(page.locator("#notice")).to_contain_text(LEFT)
    for part in ("#detail", "#confirm", "#announcer", "#view"):
        expect(page.locator(part)).to_be_empty()
    enter(page, f"/admin?reference={made['reference']}")
    opened(page, made)


def test_a_download_ends_with_signing_out(visit: Visit, made: dict[str, Any]) -> None:
    page = visit(1280)
    page.add_init_script(ENDLESS)
    enter(page, f"/admin?reference={made['reference']}")
    page.locator("#download").click()
    expect(page.locator(".progress [role=status]")).to_contain_text("0 of 1")

    page.locator("#logout").click()

    expect(page.locator("#notice")).to_contain_text(LEFT)
    assert page.evaluate("window.isGivenUp")
