"""An answer to the form that has no form of its own: what was typed stays, and why it was refused is told above it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Visit
from tests.browser.journeys import age
from tests.browser.test_kept import BOOK, DAY, OTHER_DAY, expect_kept, typed
from tests.conftest import Served

MUCH = "Two of us. " * 4000


def refusal(status: int, heading: str, sentence: str) -> str:
    """Return a page as the service makes it where it has no form to show."""
    return f"""<!doctype html><title>{heading}</title><main id="main"><article class="panel card"><h1>{heading}</h1>
      <p class="lead">{sentence}</p>
      <p class="hint">The number is <span class="code">{status}</span>.</p></article></main>"""


def expect_usable(page: Page) -> None:
    """Expect that nothing of the form is held back."""
    expect(page.locator("[inert]")).to_have_count(0)
    expect(page.locator("form.is-submitting")).to_have_count(0)
    expect(page.locator(BOOK)).to_have_text("Book this place")
    expect(page.locator(BOOK)).not_to_have_attribute("aria-disabled", "true")


@pytest.mark.parametrize("status", [403, 500, 503])
def test_a_refusal_without_a_form_leaves_the_form_as_it_is(visit: Visit, site: Served, status: int) -> None:
    page = typed(visit(), site, status % 7)
    age(page)
    body = refusal(status, "Not now", "Please try again in a moment.")
    page.route("**/", lambda route: route.fulfill(status=status, body=body, content_type="text/html"), times=1)

    page.locator(BOOK).click()
    expect(page.locator("#summary")).to_be_focused()

    expect(page.locator("#summary h2")).to_have_text("Not now")
    expect(page.locator("#summary p")).to_have_text(["Please try again in a moment.", f"The number is {status}."])
    expect_kept(page)
    expect_usable(page)
    page.locator(BOOK).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your place is booked")


def test_who_wrote_too_much_can_shorten_it(visit: Visit, site: Served) -> None:
    page = typed(visit(), site, 5)
    age(page)
    page.locator("#message").evaluate("(field, much) => { field.maxLength = 1e6; field.value = much; }", MUCH)

    page.locator(BOOK).click()
    expect(page.locator("#summary")).to_be_focused()

    expect(page.locator("#summary")).to_contain_text("That is too much at once")
    expect(page.locator("#summary p")).to_have_text("Please shorten what you wrote.")
    page.locator("#message").fill("Two of us")
    expect_kept(page)
    expect_usable(page)


def typed_on_another_day(page: Page, site: Served) -> Page:
    """Return `page` with a form that was filled in on one day, and can be sent on another."""
    typed(page, site, 6)
    age(page)
    page.get_by_role("link", name=OTHER_DAY).click()
    expect(page.locator("#hours-title")).to_have_text(OTHER_DAY)
    return page


def test_after_a_refusal_another_day_can_be_chosen_and_left_again(visit: Visit, site: Served) -> None:
    page = typed_on_another_day(visit(), site)
    body = refusal(503, "Not now", "Please try again in a moment.")
    page.route("**/", lambda route: route.fulfill(status=503, body=body, content_type="text/html"), times=1)
    page.locator(BOOK).click()
    expect(page.locator("#summary")).to_be_focused()

    page.go_back()

    expect(page.locator("#hours-title")).to_have_text(DAY)
    expect_kept(page)


def test_the_way_back_from_an_answer_without_days_is_asked_for_anew(visit: Visit, site: Served) -> None:
    page = typed_on_another_day(visit(), site)

    def done(route: Route) -> None:
        route.fulfill(status=200, body=refusal(200, "Done", "All is well."), content_type="text/html")

    page.route("**/", done, times=1)
    page.locator(BOOK).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Done")

    page.go_back()

    expect(page.locator("#hours-title")).to_have_text(DAY)
