"""A finger that taps twice presses once: what comes to lie under it is not pressed by the second tap."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Visit
from tests.browser.journeys import age, choose, fill_in
from tests.browser.test_manage import follow_letter
from tests.conftest import Served

ASKED_DATE, FILLED_DATE = "2026-03-21", "2026-03-23"
# For the pages' own scripts, for which time stands still between two taps, however slow the machine is.
BEFORE, TAPPED = (datetime(2026, 1, day, tzinfo=UTC) for day in (1, 2))
DEAF_MILLISECONDS = 700


def tap(page: Page, target: Locator) -> None:
    """Tap where the target is now, whatever it thinks of that."""
    target.evaluate("(target) => target.scrollIntoView({ block: 'center' })")
    box = target.bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


@pytest.mark.parametrize("what", ["booking", "entry"])
def test_yes_is_not_pressed_by_the_second_tap_of_the_one_that_asked(visit: Visit, site: Served, what: str) -> None:
    slot = site.api.slots(ASKED_DATE)[what == "entry"]
    made = site.api.book(slot).json["booking"]
    if what == "entry":
        for _ in range(slot["remaining"] - 1):
            site.api.book(slot)
        made = site.api.wait_for(slot).json["entry"]
    page = visit(375, height=553)
    page.clock.install(time=BEFORE)
    follow_letter(page, made)
    page.clock.pause_at(TAPPED)
    yes = page.locator("dialog .button-danger")

    page.locator("[data-confirm] summary").click()
    tap(page, yes)
    expect(page.get_by_role("dialog")).to_be_visible()
    expect(yes).to_be_disabled()
    page.clock.run_for(DEAF_MILLISECONDS)
    expect(yes).to_be_enabled()
    assert site.api.held("GET", made).json["status"] in ("confirmed", "waiting")
    tap(page, yes)

    expect(page.locator("[data-confirm]")).to_have_count(0)
    assert site.api.held("GET", made).json["status"] in ("cancelled", "left")


def test_keys_need_not_wait_to_say_yes(visit: Visit, site: Served) -> None:
    made = site.api.book(site.api.slots(ASKED_DATE)[2]).json["booking"]
    page = visit()
    page.clock.install(time=BEFORE)
    follow_letter(page, made)
    page.clock.pause_at(TAPPED)

    page.locator("[data-confirm] summary").press("Enter")
    expect(page.get_by_role("button", name="No, keep it")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("This booking is cancelled")


def chosen(page: Page, slot: dict[str, Any]) -> Page:
    """Choose a slot of a page on which time will stand still; its last place is left."""
    page.clock.install(time=BEFORE)
    page.goto(f"/?date={slot['date']}")
    choose(page, slot["_id"])
    fill_in(page)
    page.clock.pause_at(TAPPED)
    return page


def fill_up(site: Served, slot: dict[str, Any]) -> list[dict[str, Any]]:
    """Book all that is left of a slot; return the bookings."""
    return [site.api.book(slot).json["booking"] for _ in range(slot["remaining"])]


def test_the_second_tap_on_a_near_hour_takes_no_other_one_and_books_nothing(visit: Visit, site: Served) -> None:
    slot = site.api.slots(FILLED_DATE)[1]
    page = chosen(visit(375, height=667), slot)
    fill_up(site, slot)
    near = page.locator("#alternatives button").first
    expect(near).to_be_visible()
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)

    tap(page, near)
    taken = page.locator(".hours input:checked")
    mine = taken.get_attribute("value")
    assert mine != slot["_id"]
    others = page.locator(f".hours input:not([value='{mine}'])")
    tap(page, others.first)
    tap(page, page.locator(".submit-book button"))

    expect(taken).to_have_value(str(mine))
    assert sent == []
    page.clock.run_for(DEAF_MILLISECONDS)
    tap(page, others.first)
    expect(taken).not_to_have_value(str(mine))


def test_a_button_that_has_just_turned_into_the_other_takes_no_tap(visit: Visit, site: Served) -> None:
    slot = site.api.slots(FILLED_DATE)[4]
    page = chosen(visit(375, height=667), slot)
    book, wait = (page.locator(f".submit-{name} button") for name in ("book", "wait"))
    age(page)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)

    bookings = fill_up(site, slot)
    expect(wait).to_be_visible()
    tap(page, wait)
    expect(wait).to_be_disabled()
    page.clock.run_for(DEAF_MILLISECONDS)
    expect(wait).to_be_enabled()
    site.api.held("DELETE", bookings[0])
    expect(book).to_be_visible()
    tap(page, book)
    expect(book).to_be_disabled()
    assert sent == []
    page.clock.run_for(DEAF_MILLISECONDS)
    book.click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Your place is booked")
    assert len(sent) == 1
