"""From the month to a booking and back, by mouse, by keys alone and without scripts; and what scripts add."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Visit
from tests.browser.journeys import DATE, age, choose, fill_in, somebody, tab_to
from tests.conftest import Served

WIDTHS = [375, 768, 1280]
QUIET_DAY = "2026-03-19"


def booked(site: Served, email: str) -> list[dict[str, Any]]:
    return list(site.db["bookings"].find({"email": email}))


@pytest.mark.parametrize("width", WIDTHS)
def test_a_place_is_booked_moved_and_cancelled_by_mouse(visit: Visit, site: Served, width: int) -> None:
    page, email = visit(width), somebody()
    slots = site.api.slots(QUIET_DAY)

    page.goto("/")
    page.get_by_role("link", name="Thursday 19 March").click()
    choose(page, slots[1]["_id"])
    fill_in(page, email=email)
    expect(page.locator("#selected-slot")).to_have_text("Thursday 19 March, 10:00 to 11:00")
    age(page)
    page.get_by_role("button", name="Book this place").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your place is booked")
    with page.expect_download() as file:
        page.get_by_role("link", name="Add to calendar").click()
    assert file.value.suggested_filename == "booking.ics"
    page.get_by_role("link", name="Change or cancel").click()
    page.get_by_text("Reschedule booking").click()
    page.locator("#slot").select_option(slots[2]["_id"])
    page.get_by_role("button", name="Reschedule").click()
    expect(page.locator(".when")).to_contain_text("11:00 to 12:00")
    page.get_by_text("Cancel booking").click()
    page.get_by_role("button", name="Yes, cancel my booking").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("This booking is cancelled")

    (booking,) = booked(site, email)
    assert (booking["status"], booking["phone"], booking["country"]) == ("cancelled", "+4930123456", "DE")
    assert "token" not in page.url


@pytest.mark.parametrize("width", WIDTHS)
def test_a_place_is_booked_and_cancelled_by_keys_alone(visit: Visit, site: Served, width: int) -> None:
    page, email = visit(width), somebody()

    page.goto("/")
    tab_to(page, f"[data-day='{QUIET_DAY}']")
    page.keyboard.press("Enter")
    page.locator(".slots").first.wait_for()
    tab_to(page, ".hours input")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    tab_to(page, "#fullName")
    page.keyboard.type("Grace Hopper")
    tab_to(page, "#email")
    page.keyboard.type(email)
    tab_to(page, "#country")
    page.keyboard.type("France")
    tab_to(page, "#phone")
    page.keyboard.type("06 12 34 56 78")
    age(page)
    tab_to(page, "button[value=book]")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your place is booked")
    page.get_by_role("link", name="Change or cancel").focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Your booking").wait_for()
    tab_to(page, ".change:nth-of-type(2) summary")
    page.keyboard.press("Enter")
    tab_to(page, ".button-danger")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("This booking is cancelled")

    (booking,) = booked(site, email)
    assert (booking["slotLabel"], booking["phone"], booking["status"]) == ("10:00-11:00", "+33612345678", "cancelled")


@pytest.mark.parametrize("width", WIDTHS)
def test_everything_works_without_scripts(visit: Visit, site: Served, width: int) -> None:
    page, email = visit(width, java_script_enabled=False), somebody()
    full = next(slot["_id"] for slot in site.api.slots(DATE) if slot["isFull"] and not slot["closed"])

    page.goto("/")
    page.get_by_role("link", name="Thursday 5 March").click()
    fill_in(page, email="ada@", message="Two of us")
    age(page)
    page.get_by_role("button", name="Book this place").click()
    expect(page.locator("#summary")).to_be_focused()
    expect(page.locator("#message")).to_have_value("Two of us")
    expect(page.locator("#country")).to_have_value("DE")
    expect(page.locator("#email")).to_have_accessible_description(
        "Error: Enter your e-mail address, such as ada@example.org. "
        "We send your e-mail here, with the link to change or cancel."
    )
    page.locator("#email").fill(email)
    choose(page, full)
    book, wait = (page.get_by_role("button", name=name) for name in ("Book this place", "Join the waiting list"))
    expect(book).to_be_hidden()
    page.locator("#city").press("Enter")
    page.locator(".offers input").first.click()
    expect(wait).to_be_hidden()
    expect(book).to_be_visible()
    choose(page, full)
    wait.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("on the waiting list")
    page.get_by_text("Leave the waiting list").click()
    page.get_by_role("button", name="Yes, leave the list").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You have left the waiting list")

    page.goto(f"/?date={QUIET_DAY}")
    choose(page, site.api.slots(QUIET_DAY)[5]["_id"])
    fill_in(page, email=email)
    age(page)
    page.get_by_role("button", name="Book this place").click()
    page.get_by_role("link", name="Change or cancel").click()
    page.get_by_text("Cancel booking").click()
    page.get_by_role("button", name="Yes, cancel my booking").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("This booking is cancelled")


def test_the_link_of_a_letter_opens_the_booking_and_leaves_no_token_in_the_address(visit: Visit, site: Served) -> None:
    made = site.api.book(site.api.slots(QUIET_DAY)[6]).json["booking"]
    page = visit()

    page.goto(f"/bookings/{made['id']}#{made['manageUrl'].partition('#')[2]}")

    expect(page.get_by_text(made["reference"])).to_be_visible()
    assert page.url == f"{site.url}/bookings/{made['id']}"


# What scripts add


def test_a_double_click_books_once_and_asks_once(visit: Visit, site: Served) -> None:
    page, email, asked = visit(), somebody(), []
    page.on("request", lambda request: asked.append(request.url) if request.method == "POST" else None)

    page.goto(f"/?date={QUIET_DAY}")
    choose(page, site.api.slots(QUIET_DAY)[3]["_id"])
    fill_in(page, email=email)
    age(page)
    page.locator("button[value=book]").dblclick()
    page.get_by_text("Your place is booked").first.wait_for()

    assert (len(asked), len(booked(site, email))) == (1, 1)


def test_another_day_is_chosen_without_losing_what_was_typed(visit: Visit) -> None:
    page = visit()

    page.goto(f"/?date={DATE}")
    fill_in(page)
    page.get_by_role("link", name="Saturday 7 March").click()
    expect(page.locator("#hours-title")).to_have_text("Saturday 7 March")

    expect(page.locator("#email")).to_have_value("ada@example.org")
    expect(page.locator("#country")).to_have_value("DE")
    expect(page.locator(".day[aria-current]")).to_contain_text("7")
    assert page.url.endswith("/?date=2026-03-07#hours")
    page.go_back()
    expect(page.locator("#hours-title")).to_have_text("Thursday 5 March")


def boxes(page: Page) -> list[Any]:
    return [page.locator(name).bounding_box() for name in ("#hours", ".details", "#email", ".submit-actions", ".foot")]


def test_a_chosen_slot_that_fills_up_is_told_without_moving_anything(visit: Visit, site: Served) -> None:
    page = visit()
    page.clock.install()
    slot = site.api.slots("2026-03-21")[0]
    page.goto("/?date=2026-03-21")
    choose(page, slot["_id"])
    fill_in(page)
    before = boxes(page)
    for _ in range(3):
        site.api.book(slot)

    page.clock.run_for(16_000)
    expect(page.locator(f".slot[data-slot='{slot['_id']}'] .slot-state")).to_have_text("1 place left")
    site.api.book(slot)
    page.clock.run_for(16_000)

    expect(page.locator("#selection-changed")).to_contain_text(
        "The hour you chose, 10:00 to 11:00, has just been filled."
    )
    expect(page.get_by_role("button", name="Join the waiting list")).to_be_visible()
    expect(page.get_by_role("button", name="Book this place")).to_be_hidden()
    expect(page.locator(".day[aria-current] b")).to_have_text("32")
    expect(page.locator("#email")).to_have_value("ada@example.org")
    assert boxes(page) == before


def test_events_change_the_cards_and_broken_ones_are_replaced_by_asking(visit: Visit, site: Served) -> None:
    page = visit()
    slots = site.api.slots("2026-03-25")
    update = {"slotId": slots[1]["_id"], "date": "2026-03-25", "bookedCount": 3, "capacity": 4, "remaining": 1}
    snapshot = [{**slots[0], "bookedCount": 4, "remaining": 0, "isFull": True}, *slots[1:]]
    told = (
        f"retry: 50\nevent: snapshot\ndata: {json.dumps(snapshot)}\n\nevent: slotUpdate\ndata: {json.dumps(update)}\n\n"
    )
    asked: list[str] = []
    listed: list[str] = []

    def live(route: Route) -> None:
        asked.append(route.request.url)
        if len(asked) == 1:
            route.fulfill(body=told, content_type="text/event-stream")
        else:
            route.fulfill(status=204)

    def say_live(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=answer.text().replace('data-live="0"', 'data-live="1"'))

    page.route("**/api/live*", live)
    page.route("**/?date=2026-03-25", say_live)
    page.clock.install()
    page.goto("/?date=2026-03-25")

    def state(slot: dict[str, Any]) -> Any:
        return expect(page.locator(f".slot[data-slot='{slot['_id']}'] .slot-state"))

    state(slots[0]).to_have_text("Full: waiting list")
    state(slots[1]).to_have_text("1 place left")
    page.on("request", lambda request: listed.append(request.url) if "/api/slots" in request.url else None)
    for _ in range(128):
        page.clock.run_for(1_000)
        page.wait_for_timeout(10)
        if listed:  # Time that runs on would be the end of the page's patience.
            break
    assert listed
    state(slots[0]).to_have_text("4 places left")
