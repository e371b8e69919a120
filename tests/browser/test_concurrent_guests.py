"""Concurrent guests: the last place has one winner, and double clicks or lost answers never book twice."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.booking_form import (
    BOOK_BUTTON,
    WAITLIST_BUTTON,
    expect_form_kept,
    fill_details,
    new_email,
    open_filled_form,
    select_slot,
    slot_state,
    wait_for_min_age,
)
from tests.browser.conftest import Visit
from tests.browser.routing import hold_requests, record_posts, wait_for_held
from tests.browser.sample_event import book_times, fill_slot
from tests.browser.tcp_proxy import tcp_proxy
from tests.conftest import Served
from tests.deferred import write_deferred

LAST_PLACE_DATE, LOST_ANSWER_DATE, DOUBLE_CLICK_DATE = "2026-03-11", "2026-03-13", "2026-03-19"


def count_confirmed(site: Served, **criteria: Any) -> int:
    return site.db["bookings"].count_documents({"status": "confirmed", **criteria})


def race(first: Page, second: Page) -> tuple[Page, Page]:
    """Let both pages book at the same moment; returns the one that succeeded and the other one."""
    held = []
    for page in (first, second):
        requests = hold_requests(page, "**/")
        with page.expect_request("**/"):
            page.locator(BOOK_BUTTON).click()
        held.append(requests)
    for page, requests in zip((first, second), held, strict=True):
        wait_for_held(page, requests).pop().continue_()
        page.unroute("**/")
    for page in (first, second):
        page.locator("h1:has-text('Your place is booked'), #summary").first.wait_for()
    return (first, second) if first.url.endswith("/done") else (second, first)


def expect_full_slot_and_kept_form(page: Page, slot: dict[str, Any], email: str) -> None:
    """Expect the guest's own page with everything that was typed, and an offer to join the waiting list."""
    expect_form_kept(page, email)
    expect(page.locator(WAITLIST_BUTTON)).to_be_visible()
    expect(page.locator(BOOK_BUTTON)).to_be_hidden()
    expect(slot_state(page, slot)).to_have_text("Full: waiting list")


def test_last_place_is_booked_once_and_others_see_it_full(visit: Visit, site: Served) -> None:
    slot, *_ = site.api.slots(LAST_PLACE_DATE)
    book_times(site.api, slot, slot["capacity"] - 1)
    emails = [new_email() for _ in range(3)]
    first, second, third = (
        open_filled_form(visit(width), slot, email=email) for width, email in zip((375, 768, 1280), emails, strict=True)
    )
    wait_for_min_age(third)

    winner, loser = race(first, second)

    assert winner.get_by_role("heading", level=1).inner_text() == "Your place is booked"
    expect(loser.locator("#summary")).to_contain_text("09:00 to 10:00 on Wednesday 11 March is full.")
    expect(loser.locator("#hours")).to_be_focused()
    expect(loser.locator(".offers input")).to_have_count(3)
    expect(third.locator("#selection-changed")).to_contain_text(
        "The hour you chose, 09:00 to 10:00, has just been filled."
    )
    expect(third.locator("#alternatives button")).to_have_count(3)
    expect_full_slot_and_kept_form(loser, slot, emails[1] if loser is second else emails[0])
    expect_full_slot_and_kept_form(third, slot, emails[2])
    assert count_confirmed(site, slotId=slot["_id"]) == slot["capacity"]

    # The third guest books an alternative with one click. The loser waits, and gets the place that is cancelled.
    third.locator("#alternatives button").first.click()
    expect(third.locator("#alternatives")).to_be_hidden()
    third.locator(BOOK_BUTTON).click()
    loser.locator(WAITLIST_BUTTON).click()
    expect(third.get_by_role("heading", level=1)).to_have_text("Your place is booked")
    expect(loser.get_by_role("heading", level=1)).to_have_text("You are number 1 on the waiting list")
    winner.get_by_role("link", name="Change or cancel").click()
    winner.get_by_text("Cancel booking").click()
    winner.get_by_role("button", name="Yes, cancel my booking").click()  # in a dialog once the scripts have run
    expect(winner.get_by_role("heading", level=1)).to_have_text("This booking is cancelled")
    loser.reload()
    expect(loser.get_by_role("heading", level=1)).to_have_text("A place came free: it is booked for you")
    assert count_confirmed(site, slotId=slot["_id"]) == slot["capacity"]


@pytest.mark.parametrize("scripts", [True, False])
def test_booking_whose_answer_is_lost_is_made_once(visit: Visit, site: Served, scripts: bool) -> None:
    slot = site.api.slots(LOST_ANSWER_DATE)[1 + scripts]
    email = new_email()
    with tcp_proxy(site.url) as proxy:
        page = visit(breaks=True, base_url=proxy.url, java_script_enabled=scripts)
        page.goto(f"/?date={LOST_ANSWER_DATE}")
        select_slot(page, slot["_id"])
        fill_details(page, email=email)
        wait_for_min_age(page)

        proxy.lost_answers = 2  # Browsers repeat a request by themselves when a reused connection ends.
        if scripts:  # The toast is visible for a second at most; test_network shows it without a service.
            page.locator(BOOK_BUTTON).click()
        else:
            with page.expect_event("framenavigated", lambda frame: frame.url.startswith("chrome-error:")):
                page.locator(BOOK_BUTTON).click(no_wait_after=True)
            page.wait_for_load_state()  # Only a complete error page can be reloaded.
            page.reload()

        expect(page.get_by_role("heading", level=1)).to_have_text("Your place is booked")
        assert proxy.posts == 3
        # A second booking of the same slot is refused.
        page.go_back()
        page.locator(f".hours input[value='{slot['_id']}']").check()
        fill_details(page, email=email)
        wait_for_min_age(page)
        page.locator(BOOK_BUTTON).click()
        expect(page.locator("body")).to_contain_text("You have booked this hour already")
        page.close()
    assert count_confirmed(site, email=email) == 1
    assert write_deferred(site.db)["letters"].count_documents({"to": email}) == 1


def test_double_click_sends_one_request_and_books_once(visit: Visit, site: Served) -> None:
    page = visit()
    email = new_email()
    posts = record_posts(page)

    page.goto(f"/?date={DOUBLE_CLICK_DATE}")
    select_slot(page, site.api.slots(DOUBLE_CLICK_DATE)[3]["_id"])
    fill_details(page, email=email)
    wait_for_min_age(page)
    page.locator(BOOK_BUTTON).dblclick()
    page.get_by_text("Your place is booked").first.wait_for()

    assert (len(posts), site.db["bookings"].count_documents({"email": email})) == (1, 1)


@pytest.mark.parametrize("scripts", [True, False])
def test_double_click_joins_the_waiting_list_once(visit: Visit, site: Served, scripts: bool) -> None:
    slot = site.api.slots(LOST_ANSWER_DATE)[3 + scripts]
    email = new_email()
    fill_slot(site.api, slot)
    page = visit(java_script_enabled=scripts)
    page.goto(f"/?date={LOST_ANSWER_DATE}")
    select_slot(page, slot["_id"])
    fill_details(page, email=email)
    wait_for_min_age(page)

    page.locator(WAITLIST_BUTTON).dblclick()

    expect(page.get_by_role("heading", level=1)).to_have_text("You are number 1 on the waiting list")
    assert site.db["waitlist"].count_documents({"email": email}) == 1
