"""What was typed into the form is kept, whatever is tapped beside it, whenever, over whatever network."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.journeys import age, choose, fill_in, somebody
from tests.conftest import Served

DATE, OTHER_DATE = "2026-03-17", "2026-03-23"
DAY, OTHER_DAY = "Tuesday 17 March", "Monday 23 March"
BOOK = ".act-book button"


def typed(page: Page, site: Served, number: int, **changes: str) -> Page:
    """Return the page with the form filled in, marked so that a reload would show; its posts are counted."""
    slot = site.api.slots(DATE)[number]
    page.goto(f"/?date={DATE}")
    choose(page, slot["_id"])
    fill_in(page, **{"email": somebody(), "message": "Two of us", **changes})
    page.evaluate("window.isTheSame = true")
    return page


def posts(page: Page) -> list[Any]:
    """Return a list to which each form that the page sends from now on is added."""
    sent: list[Any] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    return sent


def expect_kept(page: Page) -> None:
    """Expect the same page, with all that was typed."""
    assert page.evaluate("window.isTheSame")
    expect(page.locator("#email")).to_have_value(re.compile("guest-"))
    expect(page.locator("#message")).to_have_value("Two of us")
    expect(page.locator("#country")).to_have_value("DE")


@pytest.mark.parametrize("way", ["a.skip", "#summary a"])
def test_a_link_to_a_part_of_the_page_loads_nothing(visit: Visit, site: Served, way: str) -> None:
    page = typed(visit(), site, 0, phone="12")
    if way.startswith("#"):
        age(page)
        page.locator(BOOK).click()
    asked = posts(page)
    page.on("framenavigated", lambda frame: asked.append(frame.url) if "#" not in frame.url else None)

    page.locator(way).focus()
    page.keyboard.press("Enter")
    expect(page.locator("#main" if way == "a.skip" else "#phone")).to_be_focused()
    age(page)

    expect_kept(page)
    expect(page.locator("#phone")).to_have_value("12")
    assert asked == []


def test_the_way_back_from_another_day_keeps_what_was_typed(visit: Visit, site: Served) -> None:
    page = typed(visit(), site, 1)

    page.get_by_role("link", name=OTHER_DAY).click()
    expect(page.locator("#hours-title")).to_have_text(OTHER_DAY)
    page.go_back()
    expect(page.locator("#hours-title")).to_have_text(DAY)
    expect_kept(page)
    page.go_forward()
    expect(page.locator("#hours-title")).to_have_text(OTHER_DAY)

    expect_kept(page)


def test_a_page_that_came_by_a_form_sends_it_again_only_when_its_button_is_pressed(visit: Visit, site: Served) -> None:
    page = visit(breaks=True)
    page.route("**/book.js", lambda route: route.abort(), times=1)  # as if the button were quicker than the scripts
    typed(page, site, 2, phone="12")
    sent = posts(page)
    age(page)
    page.locator(BOOK).click()
    page.locator("#summary").wait_for()
    expect(page.locator("#choice")).not_to_be_empty()  # by a script
    page.evaluate("window.isTheSame = true")

    page.locator("#summary a").click()
    expect(page.locator("#phone")).to_be_focused()
    page.get_by_role("link", name=OTHER_DAY).click()
    expect(page.locator("#hours-title")).to_have_text(OTHER_DAY)
    page.go_back()
    expect(page.locator("#hours-title")).to_have_text(DAY)

    expect_kept(page)
    assert len(sent) == 1
