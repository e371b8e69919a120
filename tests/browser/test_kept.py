"""What was typed into the form is kept, whatever is tapped beside it, whenever, over whatever network."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.conftest import Visit
from tests.browser.journeys import age, caught, choose, fill_in, somebody
from tests.conftest import Served

DATE, OTHER_DATE = "2026-03-17", "2026-03-23"
DAY, OTHER_DAY = "Tuesday 17 March", "Monday 23 March"
BOOK = ".submit-book button"


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
    expect(page.locator("#selected-slot")).not_to_be_empty()  # by a script
    page.evaluate("window.isTheSame = true")

    page.locator("#summary a").click()
    expect(page.locator("#phone")).to_be_focused()
    page.get_by_role("link", name=OTHER_DAY).click()
    expect(page.locator("#hours-title")).to_have_text(OTHER_DAY)
    page.go_back()
    expect(page.locator("#hours-title")).to_have_text(DAY)

    expect_kept(page)
    assert len(sent) == 1


def day(page: Page, name: str = OTHER_DAY) -> Locator:
    return page.get_by_role("link", name=name)


@pytest.mark.parametrize("status", [0, 429, 502, 503])
def test_a_day_that_does_not_come_leaves_everything_as_it_is_and_is_told(
    visit: Visit, site: Served, status: int
) -> None:  # a row of a table; 0: nobody answers
    page = typed(visit(breaks=True, refused={"/"}), site, 5)
    page.route(
        f"**/?date={OTHER_DATE}*",
        lambda route: route.fulfill(status=status, body="<h1>Busy</h1>") if status else route.abort(),
        times=1,
    )

    day(page).click()
    expect(page.locator("[data-toast=day-unavailable]")).to_contain_text("nothing you typed is lost")

    expect_kept(page)
    expect(page.locator("#selected-slot")).to_contain_text(DAY)
    expect(page.locator("#hours")).not_to_have_attribute("aria-busy", "true")
    assert page.url.endswith(DATE)
    day(page).click()
    expect(page.locator("#hours-title")).to_have_text(OTHER_DAY)
    expect(page.locator("[data-toast=day-unavailable]")).to_be_hidden()
    expect_kept(page)


def test_the_way_back_to_a_day_that_does_not_come_stays_where_it_is(visit: Visit, site: Served) -> None:
    page = typed(visit(breaks=True), site, 5)
    day(page).click()
    expect(page.locator("#hours-title")).to_have_text(OTHER_DAY)

    page.route(f"**/?date={DATE}", lambda route: route.abort())
    page.go_back()
    expect(page.locator("[data-toast=day-unavailable]")).to_be_visible()

    expect(page.locator("#hours-title")).to_have_text(OTHER_DAY)
    expect(page).to_have_url(re.compile(OTHER_DATE))
    expect_kept(page)


def test_who_goes_back_and_forward_before_a_day_has_come_stays_with_the_one_shown(visit: Visit, site: Served) -> None:
    page, held = typed(visit(), site, 5), list[Route]()
    day(page).click()
    expect(page.locator("#hours-title")).to_have_text(OTHER_DAY)
    page.route(f"**/?date={DATE}", lambda route: held.append(route))  # noqa: PLW0108 # Playwright marks it

    with page.expect_request(f"**/?date={DATE}"):
        page.go_back()
    expect(page.locator("#hours")).to_have_attribute("aria-busy", "true")
    page.go_forward()
    expect(page.locator("#hours")).not_to_have_attribute("aria-busy", "true")
    caught(page, held).pop().continue_()
    age(page)

    expect(page.locator("#hours-title")).to_have_text(OTHER_DAY)
    expect(page).to_have_url(re.compile(OTHER_DATE))


def test_what_is_no_page_of_ours_is_shown_for_itself(visit: Visit, site: Served) -> None:
    page = typed(visit(), site, 5)
    page.route(f"**/?date={OTHER_DATE}*", lambda route: route.fulfill(body="<h1>Welcome to the hotel</h1>"))

    day(page).click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Welcome to the hotel")


def test_of_two_days_the_one_tapped_last_is_shown(visit: Visit, site: Served) -> None:
    page, held = typed(visit(), site, 5), list[Route]()
    page.route("**/?date=2026-03-07*", lambda route: held.append(route))  # noqa: PLW0108 # Playwright marks it

    day(page, "Saturday 7 March").click()
    expect(page.locator("#hours")).to_have_attribute("aria-busy", "true")
    expect(page.locator("#hours")).to_have_css("opacity", "0.55")
    day(page).click()
    expect(page.locator("#hours-title")).to_have_text(OTHER_DAY)
    caught(page, held).pop().fulfill(response=page.request.get("/?date=2026-03-07"))
    age(page)

    expect(page.locator("#hours-title")).to_have_text(OTHER_DAY)
    expect(page.locator("#hours")).not_to_have_attribute("aria-busy", "true")
    expect(page).to_have_url(re.compile(OTHER_DATE))
    expect(page.locator("[data-toast=day-unavailable]")).to_be_hidden()
    expect_kept(page)


def test_a_day_that_is_not_answered_is_given_up(visit: Visit, site: Served) -> None:
    page = visit(breaks=True)
    page.clock.install()
    typed(page, site, 5)
    page.route(f"**/?date={OTHER_DATE}*", lambda _: None)

    with page.expect_request(f"**/?date={OTHER_DATE}*"):
        day(page).click()
    page.clock.run_for(30_000)

    expect(page.locator("[data-toast=day-unavailable]")).to_be_visible()
    expect(page.locator("#hours")).not_to_have_attribute("aria-busy", "true")
    expect_kept(page)


def test_while_it_is_sent_nothing_of_the_form_changes_and_no_button_loses_the_answer(
    visit: Visit, site: Served
) -> None:
    page, held = typed(visit(), site, 5), list[Route]()
    age(page)
    page.route("**/", lambda route: held.append(route))  # noqa: PLW0108 # Playwright marks what it is given
    with page.expect_request("**/"):
        page.locator("#city").press("Enter")
    expect(page.locator(BOOK)).to_be_focused()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    for target in (day(page), page.locator("#days a[data-day]").last, page.locator("button[value=de]")):
        target.dispatch_event("click")
    page.keyboard.press("Enter")
    page.locator("#email").evaluate("(field) => field.focus()")
    page.keyboard.type("no")

    expect(page.locator("#email")).not_to_have_value(re.compile("no"))
    expect(page.locator("#hours-title")).to_have_text(DAY)
    closed = page.locator("[inert]").evaluate_all("parts => parts.map((part) => part.id)")
    assert closed == ["days", "hours", *[""] * 6]
    assert asked == []
    caught(page, held).pop().continue_()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your place is booked")


def test_a_form_that_is_refused_can_be_changed_again(visit: Visit, site: Served) -> None:
    page = typed(visit(), site, 5, phone="12")
    age(page)
    page.locator(BOOK).click()
    page.locator("#summary").wait_for()

    page.locator("#phone").fill("030 123456")
    page.locator(BOOK).click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Your place is booked")
