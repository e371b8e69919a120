"""Form state: what was typed stays, whatever link is followed, whatever date is chosen, on whatever network."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, Request, expect

from tests.browser.booking_form import (
    BOOK_BUTTON,
    day_link,
    expect_form_kept,
    fill_details,
    new_email,
    open_filled_form,
    wait_for_min_age,
)
from tests.browser.conftest import Visit
from tests.browser.keyboard import tab_to
from tests.browser.routing import hold_requests, record_posts, wait_for_held
from tests.conftest import Served

DATE, OTHER_DATE = "2026-03-17", "2026-03-23"
DAY, OTHER_DAY = "Tuesday 17 March", "Monday 23 March"
NO_SCRIPTS_DATE = "2026-03-21"


def open_form(page: Page, site: Served, slot_number: int, **changes: str) -> Page:
    return open_filled_form(page, site.api.slots(DATE)[slot_number], **changes)


@pytest.mark.parametrize("link", ["a.skip", "#summary a"])
def test_fragment_link_sends_no_request(visit: Visit, site: Served, link: str) -> None:
    page = open_form(visit(), site, 0, phone="12")
    if link.startswith("#"):
        wait_for_min_age(page)
        page.locator(BOOK_BUTTON).click()
    loads = record_posts(page)
    page.on("framenavigated", lambda frame: loads.append(frame.url) if "#" not in frame.url else None)

    page.locator(link).focus()
    page.keyboard.press("Enter")
    expect(page.locator("#main" if link == "a.skip" else "#phone")).to_be_focused()
    wait_for_min_age(page)

    expect_form_kept(page)
    expect(page.locator("#phone")).to_have_value("12")
    assert loads == []


def test_chosen_day_keeps_the_form_and_changes_the_address(visit: Visit) -> None:
    page = visit()

    page.goto("/?date=2026-03-05")
    fill_details(page)
    day_link(page, "Saturday 7 March").click()
    expect(page.locator("#hours-title")).to_have_text("Saturday 7 March")

    expect(page.locator("#email")).to_have_value("ada@example.org")
    expect(page.locator("#country")).to_have_value("DE")
    expect(page.locator(".day[aria-current]")).to_contain_text("7")
    assert page.url.endswith("/?date=2026-03-07#hours")
    page.go_back()
    expect(page.locator("#hours-title")).to_have_text("Thursday 5 March")


def test_going_back_and_forward_between_days_keeps_the_form(visit: Visit, site: Served) -> None:
    page = open_form(visit(), site, 1)

    day_link(page, OTHER_DAY).click()
    expect(page.locator("#hours-title")).to_have_text(OTHER_DAY)
    page.go_back()
    expect(page.locator("#hours-title")).to_have_text(DAY)
    expect_form_kept(page)
    page.go_forward()
    expect(page.locator("#hours-title")).to_have_text(OTHER_DAY)

    expect_form_kept(page)


def test_page_from_a_post_is_not_posted_again_by_navigation(visit: Visit, site: Served) -> None:
    page = visit(breaks=True)
    page.route(
        "**/booking_form.js", lambda route: route.abort(), times=1
    )  # as if the guest submitted before it was loaded
    open_form(page, site, 2, phone="12")
    posts = record_posts(page)
    wait_for_min_age(page)
    page.locator(BOOK_BUTTON).click()
    page.locator("#summary").wait_for()
    expect(page.locator("#selected-slot")).not_to_be_empty()  # filled in by a script
    page.evaluate("window.isSamePage = true")

    page.locator("#summary a").click()
    expect(page.locator("#phone")).to_be_focused()
    day_link(page, OTHER_DAY).click()
    expect(page.locator("#hours-title")).to_have_text(OTHER_DAY)
    page.go_back()
    expect(page.locator("#hours-title")).to_have_text(DAY)

    expect_form_kept(page)
    assert len(posts) == 1


# Status 0: the connection fails.
@pytest.mark.parametrize("status", [0, 429, 502, 503])
def test_day_that_fails_to_load_keeps_the_page_and_shows_a_toast(visit: Visit, site: Served, status: int) -> None:
    page = open_form(visit(breaks=True, refused={"/"}), site, 5)
    page.route(
        f"**/?date={OTHER_DATE}*",
        lambda route: route.fulfill(status=status, body="<h1>Busy</h1>") if status else route.abort(),
        times=1,
    )

    day_link(page, OTHER_DAY).click()
    expect(page.locator("[data-toast=day-unavailable]")).to_contain_text("nothing you typed is lost")

    expect_form_kept(page)
    expect(page.locator("#selected-slot")).to_contain_text(DAY)
    expect(page.locator("#hours")).not_to_have_attribute("aria-busy", "true")
    assert page.url.endswith(DATE)
    day_link(page, OTHER_DAY).click()
    expect(page.locator("#hours-title")).to_have_text(OTHER_DAY)
    expect(page.locator("[data-toast=day-unavailable]")).to_be_hidden()
    expect_form_kept(page)


def test_going_back_to_a_day_that_fails_to_load_stays(visit: Visit, site: Served) -> None:
    page = open_form(visit(breaks=True), site, 5)
    day_link(page, OTHER_DAY).click()
    expect(page.locator("#hours-title")).to_have_text(OTHER_DAY)

    page.route(f"**/?date={DATE}", lambda route: route.abort())
    page.go_back()
    expect(page.locator("[data-toast=day-unavailable]")).to_be_visible()

    expect(page.locator("#hours-title")).to_have_text(OTHER_DAY)
    expect(page).to_have_url(re.compile(OTHER_DATE))
    expect_form_kept(page)


def test_going_back_and_forward_before_a_day_loads_keeps_the_day(visit: Visit, site: Served) -> None:
    page = open_form(visit(), site, 5)
    day_link(page, OTHER_DAY).click()
    expect(page.locator("#hours-title")).to_have_text(OTHER_DAY)
    held = hold_requests(page, f"**/?date={DATE}")

    with page.expect_request(f"**/?date={DATE}"):
        page.go_back()
    expect(page.locator("#hours")).to_have_attribute("aria-busy", "true")
    page.go_forward()
    expect(page.locator("#hours")).not_to_have_attribute("aria-busy", "true")
    wait_for_held(page, held).pop().continue_()
    wait_for_min_age(page)

    expect(page.locator("#hours-title")).to_have_text(OTHER_DAY)
    expect(page).to_have_url(re.compile(OTHER_DATE))


def test_foreign_page_instead_of_a_day_is_opened(visit: Visit, site: Served) -> None:
    page = open_form(visit(), site, 5)
    page.route(f"**/?date={OTHER_DATE}*", lambda route: route.fulfill(body="<h1>Welcome to the hotel</h1>"))

    day_link(page, OTHER_DAY).click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Welcome to the hotel")


def test_last_chosen_day_wins_over_a_later_answer(visit: Visit, site: Served) -> None:
    page = open_form(visit(), site, 5)
    held = hold_requests(page, "**/?date=2026-03-07*")

    day_link(page, "Saturday 7 March").click()
    expect(page.locator("#hours")).to_have_attribute("aria-busy", "true")
    expect(page.locator("#hours")).to_have_css("opacity", "0.55")
    day_link(page, OTHER_DAY).click()
    expect(page.locator("#hours-title")).to_have_text(OTHER_DAY)
    wait_for_held(page, held).pop().fulfill(response=page.request.get("/?date=2026-03-07"))
    wait_for_min_age(page)

    expect(page.locator("#hours-title")).to_have_text(OTHER_DAY)
    expect(page.locator("#hours")).not_to_have_attribute("aria-busy", "true")
    expect(page).to_have_url(re.compile(OTHER_DATE))
    expect(page.locator("[data-toast=day-unavailable]")).to_be_hidden()
    expect_form_kept(page)


def test_day_without_an_answer_times_out(visit: Visit, site: Served) -> None:
    page = visit(breaks=True)
    page.clock.install()
    open_form(page, site, 5)
    page.route(f"**/?date={OTHER_DATE}*", lambda _: None)

    with page.expect_request(f"**/?date={OTHER_DATE}*"):
        day_link(page, OTHER_DAY).click()
    page.clock.run_for(30_000)

    expect(page.locator("[data-toast=day-unavailable]")).to_be_visible()
    expect(page.locator("#hours")).not_to_have_attribute("aria-busy", "true")
    expect_form_kept(page)


def test_form_is_locked_during_a_submission(visit: Visit, site: Served) -> None:
    page = open_form(visit(), site, 5)
    wait_for_min_age(page)
    held = hold_requests(page, "**/")
    with page.expect_request("**/"):
        page.locator("#city").press("Enter")
    expect(page.locator(BOOK_BUTTON)).to_be_focused()
    requests: list[Any] = []

    def record(request: Request) -> None:
        requests.append(request.url)

    page.on("request", record)

    days = page.locator("#days a[data-day]")
    for target in (days.first, days.last, page.locator("button[value=de]")):
        target.dispatch_event("click")
    page.keyboard.press("Enter")
    page.locator("#email").evaluate("(field) => field.focus()")
    page.keyboard.type("no")

    expect(page.locator("#email")).not_to_have_value(re.compile("no"))
    expect(page.locator("#hours-title")).to_have_text(DAY)
    locked = page.locator("[inert]").evaluate_all("sections => sections.map((section) => section.id)")
    assert locked == ["days", "hours", *[""] * 6]
    assert requests == []
    wait_for_held(page, held).pop().continue_()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your place is booked")


def test_form_with_an_invalid_field_can_be_corrected(visit: Visit, site: Served) -> None:
    page = open_form(visit(), site, 5, phone="12")
    wait_for_min_age(page)
    page.locator(BOOK_BUTTON).click()
    page.locator("#summary").wait_for()

    page.locator("#phone").fill("030 123456")
    page.locator(BOOK_BUTTON).click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Your place is booked")


def test_day_chosen_without_scripts_keeps_the_form(visit: Visit, site: Served) -> None:
    slot = site.api.slots(NO_SCRIPTS_DATE)[6]
    email = new_email()
    page = visit(java_script_enabled=False)
    page.goto("/?date=2026-03-05")
    fill_details(page, email=email, message="Two of us")

    tab_to(page, f"button[value='{NO_SCRIPTS_DATE}']")
    page.keyboard.press("Enter")
    expect(page.locator("#hours-title")).to_have_text("Saturday 21 March")
    expect(page.locator("#message")).to_have_value("Two of us")
    expect(page.locator("#country")).to_have_value("DE")
    assert page.locator("a.day:visible").count() == 0
    wait_for_min_age(page)
    page.locator(f".hours input[value='{slot['_id']}']").check()
    page.locator("#city").press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("Your place is booked")
    assert site.db["bookings"].count_documents({"email": email, "slotId": slot["_id"]}) == 1
