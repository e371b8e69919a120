"""Error answers to the booking form: the form stays as it was, and the error is shown above it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.booking_form import BOOK_BUTTON, day_link, expect_form_kept, open_filled_form, wait_for_min_age
from tests.browser.conftest import Visit
from tests.conftest import Served

DATE, DAY, OTHER_DAY = "2026-03-17", "Tuesday 17 March", "Monday 23 March"
LONG_MESSAGE = "Two of us. " * 4000


def error_page(status: int, heading: str, sentence: str) -> str:
    """Return an error page of the service, which has no form."""
    return f"""<!doctype html><title>{heading}</title><main id="main"><article class="panel card"><h1>{heading}</h1>
      <p class="lead">{sentence}</p>
      <p class="hint">The number is <span class="code">{status}</span>.</p></article></main>"""


def open_form(page: Page, site: Served, slot_number: int) -> Page:
    """Return the page with a filled form that the service accepts."""
    open_filled_form(page, site.api.slots(DATE)[slot_number])
    wait_for_min_age(page)
    return page


def expect_unlocked(page: Page) -> None:
    """Expect that the form can be changed and submitted."""
    expect(page.locator("[inert]")).to_have_count(0)
    expect(page.locator("form.is-submitting")).to_have_count(0)
    expect(page.locator(BOOK_BUTTON)).to_have_text("Book this place")
    expect(page.locator(BOOK_BUTTON)).not_to_have_attribute("aria-disabled", "true")


@pytest.mark.parametrize("status", [403, 500, 503])
def test_error_page_without_a_form_keeps_the_form(visit: Visit, site: Served, status: int) -> None:
    page = open_form(visit(), site, status % 7)
    body = error_page(status, "Not now", "Please try again in a moment.")
    page.route("**/", lambda route: route.fulfill(status=status, body=body, content_type="text/html"), times=1)

    page.locator(BOOK_BUTTON).click()
    expect(page.locator("#summary")).to_be_focused()

    expect(page.locator("#summary h2")).to_have_text("Not now")
    expect(page.locator("#summary p")).to_have_text(["Please try again in a moment.", f"The number is {status}."])
    expect_form_kept(page)
    expect_unlocked(page)
    page.locator(BOOK_BUTTON).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your place is booked")


def test_message_beyond_the_body_limit_can_be_shortened(visit: Visit, site: Served) -> None:
    page = open_form(visit(), site, 5)
    page.locator("#message").evaluate("(field, text) => { field.maxLength = 1e6; field.value = text; }", LONG_MESSAGE)

    page.locator(BOOK_BUTTON).click()
    expect(page.locator("#summary")).to_be_focused()

    expect(page.locator("#summary")).to_contain_text("That is too much at once")
    expect(page.locator("#summary p")).to_have_text("Please shorten what you wrote.")
    page.locator("#message").fill("Two of us")
    expect_form_kept(page)
    expect_unlocked(page)


def open_form_on_another_day(page: Page, site: Served) -> Page:
    """Return the page with a form that was filled in on one day and shows another."""
    open_form(page, site, 6)
    day_link(page, OTHER_DAY).click()
    expect(page.locator("#hours-title")).to_have_text(OTHER_DAY)
    return page


def test_going_back_after_an_error_page_shows_the_first_day(visit: Visit, site: Served) -> None:
    page = open_form_on_another_day(visit(), site)
    body = error_page(503, "Not now", "Please try again in a moment.")
    page.route("**/", lambda route: route.fulfill(status=503, body=body, content_type="text/html"), times=1)
    page.locator(BOOK_BUTTON).click()
    expect(page.locator("#summary")).to_be_focused()

    page.go_back()

    expect(page.locator("#hours-title")).to_have_text(DAY)
    expect_form_kept(page)


def test_going_back_from_an_answer_without_days_reloads(visit: Visit, site: Served) -> None:
    page = open_form_on_another_day(visit(), site)

    def answer(route: Route) -> None:
        route.fulfill(status=200, body=error_page(200, "Done", "All is well."), content_type="text/html")

    page.route("**/", answer, times=1)
    page.locator(BOOK_BUTTON).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Done")

    page.go_back()

    expect(page.locator("#hours-title")).to_have_text(DAY)
