"""Forms sent fast by a person: held by scripts, asked once without them."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.booking_form import ADA, BOOK_BUTTON, fill_details, new_email, select_slot
from tests.browser.conftest import Visit
from tests.browser.routing import record_posts
from tests.conftest import Served

DATE = "2026-03-13"
BOOKED = "Your place is booked"
MIN_AGE_SECONDS = 2
# One step, so that the form is sent within the minimum age.
FILL_AND_SUBMIT = """(details) => {
  const form = document.querySelector("form.booking");
  for (const [name, value] of Object.entries(details)) form.elements.namedItem(name).value = value;
  form.requestSubmit(form.querySelector("button[value=book]"));
}"""


def fill_at_once(page: Page, site: Served, **changes: str) -> float:
    """Fill in the form as a password manager does; return when the page was requested."""
    started = time.monotonic()
    page.goto(f"/?date={DATE}")
    free = next(slot for slot in site.api.slots(DATE) if slot["remaining"])
    select_slot(page, free["_id"])
    fill_details(page, **{"email": new_email(), **changes})
    return started


def submit_by_button(page: Page) -> None:
    page.locator(BOOK_BUTTON).click()


def submit_by_enter(page: Page) -> None:
    page.locator("#city").press("Enter")


def submit_twice(page: Page) -> None:
    page.locator(BOOK_BUTTON).dblclick()


@pytest.mark.parametrize("submit", [submit_by_button, submit_by_enter, submit_twice])
def test_form_is_held_until_the_minimum_age(visit: Visit, site: Served, submit: Callable[[Page], None]) -> None:
    page = visit()
    posts = record_posts(page)
    started = fill_at_once(page, site)

    submit(page)
    expect(page.get_by_text("One moment…")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text(BOOKED)

    assert time.monotonic() - started >= MIN_AGE_SECONDS
    assert len(posts) == 1


def test_old_form_is_not_held(visit: Visit, site: Served) -> None:
    page = visit()
    fill_at_once(page, site)
    page.wait_for_timeout(MIN_AGE_SECONDS * 1000 + 100)
    with page.expect_request(lambda request: request.method == "POST", timeout=1000):
        page.locator(BOOK_BUTTON).click()

    expect(page.get_by_role("heading", level=1)).to_have_text(BOOKED)


def test_corrected_form_is_not_held_again(visit: Visit, site: Served) -> None:
    page = visit()
    fill_at_once(page, site, phone="1")
    page.locator(BOOK_BUTTON).click()
    expect(page.locator("#phone")).to_be_focused()
    page.locator("#phone").fill("030 123456")
    with page.expect_request(lambda request: request.method == "POST", timeout=1000):
        page.locator(BOOK_BUTTON).click()

    expect(page.get_by_role("heading", level=1)).to_have_text(BOOKED)


def test_form_without_scripts_is_asked_once_and_taken(visit: Visit, site: Served) -> None:
    page = visit(java_script_enabled=False, refused=["/"])
    details = {**ADA, "email": new_email(), "country": "DE", "slotId": site.api.slots(DATE)[6]["_id"]}
    page.goto(f"/?date={DATE}")
    page.evaluate(FILL_AND_SUBMIT, details)

    expect(page.get_by_role("alert")).to_contain_text("Please send it once more")
    expect(page.locator("#email")).to_have_value(details["email"])
    page.evaluate(FILL_AND_SUBMIT, details)

    expect(page.get_by_role("heading", level=1)).to_have_text(BOOKED)
