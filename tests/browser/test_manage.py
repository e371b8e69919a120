"""Behind the link of a letter: a booking is seen, moved, kept as a file and cancelled, an entry in line is left."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from core.mongo.client import Client
from tests.browser.conftest import Visit
from tests.browser.journeys import DATE, age, fill_in, furthest, somebody, tab_to
from tests.browser.test_looks import Inspector
from tests.conftest import Served

WIDTHS = [375, 768, 1280]
MANAGED_DATE, LINE_DATE = "2026-03-19", "2026-03-21"
FOCUSED = "document.activeElement"


def follow_letter(page: Page, made: dict[str, Any]) -> Page:
    """Open the link that stands in the letter about a booking or an entry."""
    address = urlsplit(made["manageUrl"])
    page.goto(f"{address.path}#{address.fragment}")
    page.locator(".facts").wait_for()
    return page


def dialog_by_keys(page: Page, summary: str) -> Locator:
    """Open a dialog with Enter and close it in each way there is; return it open, with the focus on the way out."""
    tab_to(page, summary)
    for close in ("Escape", "Enter"):
        page.keyboard.press("Enter")
        expect(page.get_by_role("dialog")).to_be_visible()
        expect(page.get_by_role("dialog").get_by_role("button").first).to_be_focused()
        for _ in range(6):
            page.keyboard.press("Tab")
            assert page.evaluate(f"Boolean({FOCUSED}.closest('dialog')) || {FOCUSED} === document.body"), "it is a trap"
        page.get_by_role("dialog").get_by_role("button").first.focus()
        page.keyboard.press(close)
        expect(page.get_by_role("dialog")).to_be_hidden()
        expect(page.locator(summary)).to_be_focused()
    page.keyboard.press("Space")
    return page.get_by_role("dialog")


@pytest.mark.parametrize("width", WIDTHS)
def test_a_booking_is_looked_after_by_keys_alone(visit: Visit, site: Served, width: int) -> None:
    slots = site.api.slots(MANAGED_DATE)
    made = site.api.book(slots[0]).json["booking"]
    page = follow_letter(visit(width), made)

    tab_to(page, "a[download]:has-text('Add to calendar')")
    with page.expect_download() as calendar:
        page.keyboard.press("Enter")
    tab_to(page, ".change:has(select) summary")
    page.keyboard.press("Enter")
    tab_to(page, "#slot")
    page.keyboard.type("Thursday 19 March, 10:00")
    tab_to(page, ".change form button:has-text('Reschedule')")
    page.keyboard.press("Enter")
    expect(page.locator(".when")).to_contain_text("10:00 to 11:00")
    expect(page.get_by_role("status")).to_be_focused()
    expect(page.get_by_role("status")).to_contain_text("It is now on Thursday 19 March 2026, 10:00 to 11:00.")
    expect(page).to_have_url(f"{site.url}/bookings/{made['id']}")  # by a script, which may come later
    page.reload()
    expect(page.get_by_role("status")).to_have_count(0)
    expect(page.locator(".when")).to_contain_text("10:00 to 11:00")
    expect(page.locator(".summary")).to_have_count(0)
    tab_to(page, ".change:has(a[download]) summary")
    page.keyboard.press("Space")
    tab_to(page, ".change a[download]")
    with page.expect_download() as own:
        page.keyboard.press("Enter")
    dialog_by_keys(page, ".change[data-confirm] summary")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Yes, cancel my booking")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("This booking is cancelled")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("This booking is cancelled")

    assert b"BEGIN:VCALENDAR" in calendar.value.path().read_bytes()
    assert json.loads(own.value.path().read_text())["booking"]["email"] == made["email"]
    booking = site.db["bookings"].find_one({"_id": made["id"]}) or {}
    assert (booking["status"], booking["slotLabel"]) == ("cancelled", "10:00-11:00")


def test_who_asks_to_cancel_before_the_scripts_are_there_answers_where_it_unfolded(visit: Visit, site: Served) -> None:
    page, held = follow_letter(visit(), site.api.book(site.api.slots(MANAGED_DATE)[7]).json["booking"]), list[Route]()
    yes = page.get_by_role("button", name="Yes, cancel my booking")
    page.route("**/self_service.js", lambda route: held.append(route))  # noqa: PLW0108 # Playwright marks what it is given
    page.goto(page.url, wait_until="commit")

    page.get_by_text("Cancel booking").click()
    expect(yes).to_be_visible()
    held.pop().continue_()
    page.wait_for_load_state()
    for is_open in (False, True):
        page.get_by_text("Cancel booking").click()
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(yes).to_be_visible(visible=is_open)
    yes.click()

    expect(page.get_by_role("heading", level=1)).to_have_text("This booking is cancelled")


@pytest.mark.parametrize("width", WIDTHS)
def test_a_place_in_line_is_left_by_mouse_and_a_click_beside_no_changes_nothing(
    visit: Visit, site: Served, width: int
) -> None:
    slot = site.api.slots(LINE_DATE)[WIDTHS.index(width)]
    for _ in range(slot["remaining"]):
        site.api.book(slot)
    entry = site.api.wait_for(slot).json["entry"]
    page = follow_letter(visit(width), entry)

    page.get_by_text("Leave the waiting list").click()
    page.get_by_role("button", name="No, keep my place").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You are number 1 on the waiting list")
    assert site.api.held("GET", entry).json["status"] == "waiting"
    page.get_by_text("Leave the waiting list").click()
    page.get_by_role("button", name="Yes, leave the list").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You have left the waiting list")

    assert site.api.held("GET", entry).json["status"] == "left"


@pytest.mark.parametrize("width", [375, 1280])
def test_the_page_of_a_place_in_line_follows_what_becomes_of_it(visit: Visit, site: Served, width: int) -> None:
    slot = site.api.slots(LINE_DATE)[3 + WIDTHS.index(width) // 2]
    held = [site.api.book(slot).json["booking"] for _ in range(slot["remaining"])]
    site.api.wait_for(slot)
    entry = site.api.wait_for(slot).json["entry"]
    page = follow_letter(visit(width), entry)
    heading, leave = page.get_by_role("heading", level=1), page.locator(".change summary")
    expect(heading).to_have_text("You are number 2 on the waiting list")
    page.evaluate("window.isTheSame = true")
    leave.focus()

    site.api.held("DELETE", held[0])
    expect(heading).to_have_text("You are number 1 on the waiting list")
    site.api.held("DELETE", held[1])
    expect(heading).to_have_text("A place came free: it is booked for you")

    expect(page.get_by_role("status")).to_contain_text("A place came free")
    expect(leave).to_be_focused()
    assert page.evaluate("window.isTheSame"), "nothing is loaded anew"
    page.keyboard.press("Shift+Tab")
    expect(page.get_by_role("link", name="See all hours")).to_be_focused()
    expect(leave).to_have_count(0)
    page.get_by_role("link", name="View, reschedule or cancel your booking").click()
    expect(heading).to_have_text("Your booking")
    assert page.url.endswith(str(site.api.held("GET", entry).json["bookingId"]))


def test_who_is_about_to_leave_when_the_place_comes_free_is_told_so(visit: Visit, site: Served) -> None:
    slot = site.api.slots(LINE_DATE)[5]
    held = [site.api.book(slot).json["booking"] for _ in range(slot["remaining"])]
    entry = site.api.wait_for(slot).json["entry"]
    page = follow_letter(visit(), entry)
    page.get_by_text("Leave the waiting list").click()

    site.api.held("DELETE", held[0])
    expect(page.locator("#entry-status")).to_contain_text("A place came free: it is booked for you")
    page.get_by_role("button", name="Yes, leave the list").click()

    expect(page.get_by_role("link", name="View, reschedule or cancel your booking")).to_be_visible()
    expect(page.locator("#changes")).to_have_count(0)
    assert site.api.held("GET", entry).json["status"] == "promoted"


def test_every_stop_of_the_booking_form_is_seen_and_in_the_order_of_the_page(visit: Visit) -> None:
    page = visit(1280)
    page.goto(f"/?date={DATE}")
    fill_in(page)
    page.locator("a.skip").focus()

    stops = furthest(page)

    assert all(stop["outline"] >= 2 for stop in stops), "the focus is seen"
    assert all(stop["inView"] for stop in stops)
    order = [stop["kind"] for stop in stops]
    assert order == [
        "skip", "brand", *["language"] * 2, *["day"] * 16, "slotId", "fullName", "email", "country", "phone", "city",
        "message", "action", "For developers: the API",
    ]  # fmt: skip


def test_what_scripts_show_is_for_everybody_too(visit: Visit, site: Served, mongo: Client) -> None:
    """The dialogs, the news at the foot of the screen, and the page of a service without its database."""
    slot = site.api.slots(MANAGED_DATE)[5]
    page = visit(color_scheme="light", reduced_motion="reduce")
    inspector = Inspector(page)

    page.goto(f"/?date={MANAGED_DATE}")
    fill_in(page)
    page.locator(f".hours input[value='{slot['_id']}']").click()
    for _ in range(slot["remaining"]):
        site.api.book(slot)
    expect(page.locator("#selection-changed")).to_contain_text("has just been filled")
    inspector.take("filled")
    page.evaluate("document.querySelectorAll('[data-toast]').forEach((note) => note.hidden = false)")
    inspector.take("notes")
    follow_letter(page, site.api.book(site.api.slots(MANAGED_DATE)[6]).json["booking"])
    page.get_by_text("Reschedule booking").click()
    page.get_by_text("What is kept about you").click()
    inspector.take("opened")
    page.get_by_text("Cancel booking").click()
    page.get_by_role("dialog").wait_for()
    inspector.take("dialog")
    page.goto("/language")
    page.get_by_role("heading", name="Nothing is opened this way").wait_for()
    inspector.take("not-allowed")
    slots = f"{site.environment['MONGODB_DATABASE']}.slots"
    target = {"failCommands": ["find"], "namespace": slots, "errorCode": 50}  # it took too long
    mongo.admin.command({"configureFailPoint": "failCommand", "mode": {"times": 1}, "data": target})
    page.goto(f"/?date={MANAGED_DATE}")
    page.get_by_text("We cannot see at the moment which places are left.").wait_for()
    inspector.take("away")
    page.goto(f"/?date={MANAGED_DATE}")
    page.evaluate("document.querySelectorAll('main noscript').forEach((part) => part.outerHTML = part.textContent)")
    page.evaluate("document.querySelectorAll('a.day').forEach((link) => link.remove())")
    inspector.take("plain")

    assert inspector.seen == {
        name: [] for name in ("filled", "notes", "opened", "dialog", "not-allowed", "away", "plain")
    }


def test_without_scripts_another_day_keeps_what_was_typed(visit: Visit, site: Served) -> None:
    slot, email = site.api.slots(LINE_DATE)[6], somebody()
    page = visit(java_script_enabled=False)
    page.goto(f"/?date={DATE}")
    fill_in(page, email=email, message="Two of us")

    tab_to(page, f"button[value='{LINE_DATE}']")
    page.keyboard.press("Enter")
    expect(page.locator("#hours-title")).to_have_text("Saturday 21 March")
    expect(page.locator("#message")).to_have_value("Two of us")
    expect(page.locator("#country")).to_have_value("DE")
    assert page.locator("a.day:visible").count() == 0
    age(page)
    page.locator(f".hours input[value='{slot['_id']}']").check()
    page.locator("#city").press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("Your place is booked")
    assert site.db["bookings"].count_documents({"email": email, "slotId": slot["_id"]}) == 1
