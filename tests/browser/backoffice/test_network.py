"""Network failures in the back office: the page shows what is stored, and reports unknown outcomes as unknown."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.backoffice.actions import log_in, wait_until_rendered
from tests.browser.conftest import Visit
from tests.browser.routing import hold_requests, wait_for_held
from tests.conftest import Served
from tests.factories import ADMIN_KEY

DATE, OTHER_DATE = "2026-03-17", "2026-03-23"
CHOICES = {"slots": ("#date", OTHER_DATE), "letters": ("#state", "sent"), "bookings": ("#sorter", "name asc")}
UNKNOWN = "it is not known whether this was done. Please look before you repeat it."
UNREACHABLE = "The service cannot be reached."


def open_slots(page: Page, date: str = DATE) -> Page:
    log_in(page, f"/admin?view=slots&date={date}")
    return page


@pytest.mark.parametrize("view", CHOICES)
def test_choice_that_cannot_be_loaded_is_reverted(visit: Visit, view: str) -> None:
    select, choice = CHOICES[view]
    page = visit(breaks=True)
    log_in(page, f"/admin?view={view}")
    shown = page.locator(select).input_value()
    address = page.url
    page.route(f"**/api/admin/{view}?*", lambda route: route.abort())

    page.locator(select).select_option(choice)
    expect(page.locator("#notice")).to_contain_text(UNREACHABLE)

    expect(page.locator(select)).to_have_value(shown)
    expect(page).to_have_url(address)
    expect(page.locator("[inert]")).to_have_count(0)
    page.unroute(f"**/api/admin/{view}?*")
    page.locator(select).select_option(choice)
    expect(page.locator("#notice")).to_be_empty()
    expect(page.locator(select)).to_have_value(choice)
    expect(page).not_to_have_url(address)


def test_going_back_to_a_view_that_fails_keeps_the_shown_one(visit: Visit) -> None:
    page = open_slots(visit(breaks=True))
    page.locator("#date").select_option(OTHER_DATE)
    expect(page.locator(".slots-table caption")).to_contain_text("23 Mar")
    page.route("**/api/admin/slots?*", lambda route: route.abort())

    page.go_back()
    expect(page.locator("#notice")).to_contain_text(UNREACHABLE)

    expect(page).to_have_url(re.compile(OTHER_DATE))
    expect(page.locator("#date")).to_have_value(OTHER_DATE)


def test_rows_ignore_clicks_while_another_date_loads(visit: Visit, site: Served) -> None:
    slot = site.api.slots(DATE)[0]
    other = site.api.slots(OTHER_DATE)[0]
    page = open_slots(visit())
    held = hold_requests(page, "**/api/admin/slots?*")

    with page.expect_request("**/api/admin/slots?*"):
        page.locator("#date").select_option(OTHER_DATE)
    box = page.locator(f"#close-{slot['_id']}").bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    wait_for_held(page, held).pop().continue_()
    page.unroute("**/api/admin/slots?*")
    page.locator(f"#close-{other['_id']}").click()

    expect(page.locator("#notice")).to_have_text(f"Mon, 23 Mar 2026, {other['label']} is closed.")
    assert [site.api.slots(date)[0]["closed"] for date in (DATE, OTHER_DATE)] == [False, True]


def test_later_of_two_choices_is_shown(visit: Visit) -> None:
    page = open_slots(visit(breaks=True))
    held = hold_requests(page, "**/api/admin/slots?*")

    for date in (OTHER_DATE, "2026-03-21"):
        with page.expect_request(f"**/api/admin/slots?date={date}"):
            page.locator("#date").select_option(date)
    first, second = wait_for_held(page, held, 2)
    first.abort()
    second.continue_()

    expect(page.locator(".slots-table caption")).to_contain_text("21 Mar")
    expect(page.locator("#notice")).to_be_empty()
    expect(page.locator("#date")).to_have_value("2026-03-21")
    expect(page).to_have_url(re.compile("2026-03-21"))


def test_going_back_before_a_view_has_loaded_keeps_the_shown_one(visit: Visit) -> None:
    page = open_slots(visit(breaks=True))
    held = hold_requests(page, "**/api/admin/letters?*")

    with page.expect_request("**/api/admin/letters?*"):
        page.locator("[data-view=letters]").click()
    with page.expect_response("**/api/admin/slots?*"):
        page.go_back()
    wait_for_held(page, held).pop().continue_()
    wait_until_rendered(page)

    expect(page.get_by_role("heading", level=1)).to_have_text("Slots")


def lose_answer(route: Route) -> None:
    """Forward the request, and drop the answer."""
    route.fetch()
    route.abort()


def replace_answer(route: Route) -> None:
    """Forward the request, and answer as a proxy does after a time-out."""
    route.fetch()
    route.fulfill(status=504, body="<h1>Gateway timeout</h1>")


def truncate_answer(route: Route) -> None:
    """Forward the request, and cut off the end of the answer."""
    answer = route.fetch()
    route.fulfill(response=answer, body=answer.text()[:-5])


@pytest.mark.parametrize(("slot_number", "failure"), [(1, lose_answer), (2, replace_answer), (3, truncate_answer)])
def test_change_with_a_lost_answer_is_reloaded(
    visit: Visit, site: Served, slot_number: int, failure: Callable[[Route], None]
) -> None:
    slot = site.api.slots(DATE)[slot_number]
    page = open_slots(visit(breaks=True, refused={f"/api/admin/slots/{slot['_id']}"}))
    page.route("**/api/admin/slots/*", failure)

    page.locator(f"#capacity-{slot['_id']}").fill("8")
    page.keyboard.press("Enter")
    expect(page.locator("#notice")).to_contain_text(f"{slot['label']}: The service did not answer, so {UNKNOWN}")
    expect(page.locator(f"#capacity-{slot['_id']}")).to_have_value("8")
    page.locator(f"#close-{slot['_id']}").click()
    expect(page.locator(f"#close-{slot['_id']}")).to_have_text("Open")

    expect(page.locator("#notice")).to_contain_text(UNKNOWN)
    assert next(one["closed"] for one in site.api.slots(DATE) if one["_id"] == slot["_id"])


def test_capacity_with_an_unknown_outcome_is_restored(visit: Visit, site: Served) -> None:
    slot = site.api.slots(DATE)[5]
    page = open_slots(visit(breaks=True))
    page.route("**/api/admin/slots*/**", lambda route: route.abort())
    page.route("**/api/admin/slots?*", lambda route: route.abort())

    page.locator(f"#capacity-{slot['_id']}").fill("8")
    page.keyboard.press("Enter")

    expect(page.locator("#notice")).to_contain_text(UNKNOWN)
    expect(page.locator(f"#capacity-{slot['_id']}")).to_have_value(str(slot["capacity"]))


def test_cancellation_with_a_lost_answer_is_shown_in_its_dialog(visit: Visit, site: Served) -> None:
    booking = site.api.book(site.api.slots(DATE)[6]).json["booking"]
    page = visit(1280, breaks=True)
    log_in(page, f"/admin?reference={booking['reference']}")
    page.locator(f"#booking-{booking['id']}").click()
    page.route("**/cancel", lose_answer)

    page.locator("#cancel").click()
    page.locator("#confirm-yes").click()
    expect(page.locator("#dialog-notice")).to_contain_text(UNKNOWN)

    expect(page.locator("#detail .dialog-head")).to_contain_text("Cancelled")
    expect(page.locator("#cancel")).to_have_count(0)
    expect(page.locator("#detail-close")).to_be_focused()
    expect(page.locator(".bookings-table tbody tr")).to_contain_text("Cancelled")


def test_change_is_reported_when_only_the_refresh_fails(visit: Visit, site: Served) -> None:
    slot = site.api.slots(DATE)[7]
    page = open_slots(visit(breaks=True))
    page.route("**/api/admin/slots?*", lambda route: route.abort())

    page.locator(f"#close-{slot['_id']}").click()

    expect(page.locator("#notice")).to_have_text(f"Tue, 17 Mar 2026, {slot['label']} is closed.")


def test_key_that_could_not_be_checked_stays_in_its_field(visit: Visit) -> None:
    page = visit(breaks=True)
    page.goto("/admin")
    page.route("**/api/admin/validate", lambda route: route.abort(), times=1)
    page.locator("#key").fill(ADMIN_KEY)

    page.keyboard.press("Enter")
    expect(page.locator("#notice")).to_contain_text(UNREACHABLE)
    expect(page.locator("#key")).to_have_value(ADMIN_KEY)
    expect(page.locator("#key")).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("Bookings")
    expect(page.locator("#key")).to_have_value("")


def test_search_fields_typed_in_while_loading_are_kept(visit: Visit) -> None:
    page = visit(1280)
    log_in(page)
    held = hold_requests(page, "**/api/admin/bookings?*name=a*")

    page.locator("#name").fill("a")
    page.keyboard.press("Enter")
    request = wait_for_held(page, held).pop()
    page.locator("#email").press_sequentially("ada@")
    page.locator("#country").select_option("DE")
    page.locator("#email").focus()
    request.continue_()
    expect(page).to_have_url(re.compile("name=a"))
    wait_until_rendered(page)
    page.keyboard.type("example.org")

    expect(page.locator("#email")).to_have_value("ada@example.org")
    expect(page.locator("#country")).to_have_value("DE")
    expect(page.locator("#name")).to_have_value("a")
    page.locator("#clear").click()
    expect(page).not_to_have_url(re.compile("name=a"))
    wait_until_rendered(page)
    expect(page.locator("#email")).to_have_value("")
