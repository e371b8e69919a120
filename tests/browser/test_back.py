"""The way back: a page that the browser kept whole shows what is true now, and what was typed."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Visit
from tests.browser.journeys import age
from tests.browser.test_kept import BOOK, DATE, expect_kept, typed
from tests.browser.test_manage import follow_letter
from tests.conftest import Served

MANAGED_DATE = "2026-03-19"
# Playwright switches off what keeps whole pages; this is what one hears when it is shown again.
WAKE = "dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))"

COUNT = """() => {
  window.made = 0;
  window.EventSource = class extends EventSource { constructor(address) { super(address); made += 1; } };
}"""


def wake(page: Page) -> None:
    page.evaluate(WAKE)


@pytest.mark.parametrize("path", ["", "/done"])
def test_a_booking_that_was_cancelled_meanwhile_is_shown_as_it_is(visit: Visit, site: Served, path: str) -> None:
    made = site.api.book(site.api.slots(MANAGED_DATE)[bool(path)]).json["booking"]
    page = follow_letter(visit(), made)
    page.goto(f"/bookings/{made['id']}{path}")
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text("Your place is booked" if path else "Your booking")
    assert site.api.held("DELETE", made).status == 200

    wake(page)

    expect(heading).to_have_text("This booking is cancelled")


def test_a_form_that_was_not_sent_is_kept_and_follows_news_again(visit: Visit, site: Served) -> None:
    page = typed(visit(), site, 3)
    page.evaluate(COUNT)

    wake(page)

    expect_kept(page)
    assert page.evaluate("made") == 1
    slot = site.api.slots(DATE)[3]
    site.api.book(slot)
    expect(page.locator(f".hours .slot[data-slot='{slot['_id']}'] .slot-state")).to_have_text("3 places left")


def test_a_form_that_was_sent_is_asked_for_anew(visit: Visit, site: Served) -> None:
    page, held = typed(visit(), site, 4), list[Route]()
    age(page)
    page.route("**/", lambda route: held.append(route))  # noqa: PLW0108 # Playwright marks what it is given
    with page.expect_request("**/"):
        page.locator(BOOK).click()
    expect(page.locator(BOOK)).to_have_text("One moment…")

    wake(page)

    expect(page.locator(BOOK)).to_have_text("Book this place")
    assert not page.evaluate("window.isTheSame")


def test_after_the_way_back_the_chosen_hour_is_said_beside_the_button(visit: Visit, site: Served) -> None:
    page = typed(visit(), site, 5)
    expect(page.locator("#selected-slot")).not_to_be_empty()
    said = page.locator("#selected-slot").inner_text()

    page.goto("/")
    page.go_back()

    expect(page.locator(".hours input:checked")).to_have_count(1)  # by the browser
    expect(page.locator("#selected-slot")).to_have_text(said)
