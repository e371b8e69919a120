"""Two guests and one place, one guest and two clicks: who is late learns it on the page, and nobody books twice."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Visit
from tests.browser.journeys import age, choose, fill_in, somebody
from tests.browser.wire import wired
from tests.conftest import Served

LAST_DATE, LOST_DATE = "2026-03-11", "2026-03-13"
BOOK, WAIT = ".submit-book button", ".submit-wait button"


def filled(page: Page, slot: dict[str, Any], email: str) -> Page:
    """Return the page with the form filled in for `slot`, marked so that a reload would show."""
    page.goto(f"/?date={slot['date']}")
    choose(page, slot["_id"])
    fill_in(page, email=email, message="Two of us")
    page.evaluate("window.isTheSame = true")
    return page


def active(site: Served, **which: Any) -> int:
    return site.db["bookings"].count_documents({"status": "confirmed", **which})


def raced(first: Page, second: Page) -> tuple[Page, Page]:
    """Let both pages book at the same moment; return the one that did and the one that did not."""
    sent: list[Route] = []
    for page in (first, second):
        page.route("**/", lambda route: sent.append(route))  # noqa: PLW0108 # Playwright marks what it is given
        with page.expect_request("**/"):
            page.locator(BOOK).click()
    for page, route in zip((first, second), sent, strict=True):
        route.continue_()
        page.unroute("**/")
    for page in (first, second):
        page.locator("h1:has-text('Your place is booked'), #summary").first.wait_for()
    return (first, second) if first.url.endswith("/done") else (second, first)


def expect_full_and_kept(page: Page, slot: dict[str, Any], email: str) -> None:
    """Expect that who lost, by the refusal or by the news, is on the page they were on, with all they typed."""
    assert page.evaluate("window.isTheSame")
    expect(page.locator("#email")).to_have_value(email)
    expect(page.locator("#message")).to_have_value("Two of us")
    expect(page.locator(WAIT)).to_be_visible()
    expect(page.locator(BOOK)).to_be_hidden()
    expect(page.locator(f".hours .slot[data-slot='{slot['_id']}'] .slot-state")).to_have_text("Full: waiting list")


def test_of_two_guests_for_the_last_place_one_books_and_the_others_see_it_go(visit: Visit, site: Served) -> None:
    slot, *_ = site.api.slots(LAST_DATE)
    for _ in range(slot["capacity"] - 1):
        site.api.book(slot)
    emails = [somebody() for _ in range(3)]
    first, second, third = (
        filled(visit(width), slot, email) for width, email in zip((375, 768, 1280), emails, strict=True)
    )
    age(third)

    winner, loser = raced(first, second)

    assert winner.get_by_role("heading", level=1).inner_text() == "Your place is booked"
    expect(loser.locator("#summary")).to_contain_text("09:00 to 10:00 on Wednesday 11 March is full.")
    expect(loser.locator("#summary")).to_be_focused()
    expect(loser.locator(".offers input")).to_have_count(3)
    expect(third.locator("#selection-changed")).to_contain_text(
        "The hour you chose, 09:00 to 10:00, has just been filled."
    )
    expect(third.locator("#alternatives button")).to_have_count(3)
    for page, email in ((loser, emails[1] if loser is second else emails[0]), (third, emails[2])):
        expect_full_and_kept(page, slot, email)
    assert active(site, slotId=slot["_id"]) == slot["capacity"]

    # One takes a near hour with one click, the other waits and gets the place that comes free.
    third.locator("#alternatives button").first.click()
    expect(third.locator("#alternatives")).to_be_hidden()
    third.locator(BOOK).click()
    loser.locator(WAIT).click()
    expect(third.get_by_role("heading", level=1)).to_have_text("Your place is booked")
    expect(loser.get_by_role("heading", level=1)).to_have_text("You are number 1 on the waiting list")
    winner.get_by_role("link", name="Change or cancel").click()
    winner.get_by_text("Cancel booking").click()
    winner.get_by_role("button", name="Yes, cancel my booking").click()  # in a dialog once there are scripts
    expect(winner.get_by_role("heading", level=1)).to_have_text("This booking is cancelled")
    loser.reload()
    expect(loser.get_by_role("heading", level=1)).to_have_text("A place came free: it is booked for you")
    assert active(site, slotId=slot["_id"]) == slot["capacity"]


@pytest.mark.parametrize("scripts", [True, False])
def test_a_booking_whose_answer_is_lost_is_made_once(
    visit: Visit, site: Served, scripts: bool
) -> None:  # a row of a table
    slot, email = site.api.slots(LOST_DATE)[1 + scripts], somebody()
    with wired(site.url) as wire:
        page = visit(breaks=True, base_url=wire.url, java_script_enabled=scripts)
        page.goto(f"/?date={LOST_DATE}")
        choose(page, slot["_id"])
        fill_in(page, email=email)
        age(page)

        wire.loses = 2  # Browsers ask again by themselves when an old connection ends.
        if scripts:  # The notice meanwhile is there for a second at most; that it comes is shown without a service.
            page.locator(BOOK).click()
        else:
            with page.expect_event("framenavigated", lambda frame: frame.url.startswith("chrome-error:")):
                page.locator(BOOK).click(no_wait_after=True)
            page.wait_for_load_state()  # The browser's own page about the error must be whole to be reloaded.
            page.reload()

        expect(page.get_by_role("heading", level=1)).to_have_text("Your place is booked")
        assert wire.posts == 3
        # Back on the form, and once more: by then the guest is told.
        page.go_back()
        page.locator(f".hours input[value='{slot['_id']}']").check()
        fill_in(page, email=email)
        age(page)
        page.locator(BOOK).click()
        expect(page.locator("body")).to_contain_text("You have booked this hour already")
        page.close()
    assert active(site, email=email) == 1
    assert site.db["letters"].count_documents({"to": email}) == 1


@pytest.mark.parametrize("scripts", [True, False])
def test_a_double_click_waits_once_and_leads_to_the_place_in_line(
    visit: Visit, site: Served, scripts: bool
) -> None:  # a row of a table
    slot, email = site.api.slots(LOST_DATE)[3 + scripts], somebody()
    for _ in range(slot["capacity"]):
        site.api.book(slot)
    page = visit(java_script_enabled=scripts)
    page.goto(f"/?date={LOST_DATE}")
    choose(page, slot["_id"])
    fill_in(page, email=email)
    age(page)

    page.locator(WAIT).dblclick()

    expect(page.get_by_role("heading", level=1)).to_have_text("You are number 1 on the waiting list")
    assert site.db["waitlist"].count_documents({"email": email}) == 1
