"""The back office over a bad network: what is shown is what it says it is, and what is not known is told as such."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.backoffice import enter
from tests.browser.conftest import Visit
from tests.browser.journeys import caught
from tests.conftest import Served
from tests.factories import ADMIN_KEY

DATE, OTHER_DATE = "2026-03-17", "2026-03-23"
CHOICES = {"slots": ("#date", OTHER_DATE), "letters": ("#state", "sent"), "bookings": ("#sorter", "name asc")}
UNKNOWN = "it is not known whether this was done. Please look before you repeat it."
UNREACHABLE = "The service cannot be reached."


def slots_of(page: Page, date: str = DATE) -> Page:
    enter(page, f"/admin?view=slots&date={date}")
    return page


@pytest.mark.parametrize("view", CHOICES)
def test_what_cannot_be_shown_is_not_said_to_be_chosen(visit: Visit, view: str) -> None:
    select, choice = CHOICES[view]
    page = visit(breaks=True)
    enter(page, f"/admin?view={view}")
    shown, address = page.locator(select).input_value(), page.url
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


def test_the_way_back_to_what_cannot_be_shown_stays_where_it_is(visit: Visit) -> None:
    page = slots_of(visit(breaks=True))
    page.locator("#date").select_option(OTHER_DATE)
    expect(page.locator(".slots-table caption")).to_contain_text("23 Mar")
    page.route("**/api/admin/slots?*", lambda route: route.abort())

    page.go_back()
    expect(page.locator("#notice")).to_contain_text(UNREACHABLE)

    expect(page).to_have_url(re.compile(OTHER_DATE))
    expect(page.locator("#date")).to_have_value(OTHER_DATE)


def test_rows_of_another_date_than_the_one_chosen_take_no_click(visit: Visit, site: Served) -> None:
    slot, other = site.api.slots(DATE)[0], site.api.slots(OTHER_DATE)[0]
    page, held = slots_of(visit()), list[Route]()
    page.route("**/api/admin/slots?*", lambda route: held.append(route))  # noqa: PLW0108 # Playwright marks it

    with page.expect_request("**/api/admin/slots?*"):
        page.locator("#date").select_option(OTHER_DATE)
    box = page.locator(f"#close-{slot['_id']}").bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    caught(page, held).pop().continue_()
    page.unroute("**/api/admin/slots?*")
    page.locator(f"#close-{other['_id']}").click()

    expect(page.locator("#notice")).to_have_text(f"Mon, 23 Mar 2026, {other['label']} is closed.")
    assert [site.api.slots(date)[0]["closed"] for date in (DATE, OTHER_DATE)] == [False, True]


def test_of_two_choices_the_later_one_is_what_counts(visit: Visit) -> None:
    page, held = slots_of(visit(breaks=True)), list[Route]()
    page.route("**/api/admin/slots?*", lambda route: held.append(route))  # noqa: PLW0108 # Playwright marks it

    for date in (OTHER_DATE, "2026-03-21"):
        with page.expect_request(f"**/api/admin/slots?date={date}"):
            page.locator("#date").select_option(date)
    first, second = caught(page, held, 2)
    first.abort()
    second.continue_()

    expect(page.locator(".slots-table caption")).to_contain_text("21 Mar")
    expect(page.locator("#notice")).to_be_empty()
    expect(page.locator("#date")).to_have_value("2026-03-21")
    expect(page).to_have_url(re.compile("2026-03-21"))


def test_who_goes_back_before_a_view_has_come_stays_with_what_is_shown(visit: Visit) -> None:
    page, held = slots_of(visit(breaks=True)), list[Route]()
    page.route("**/api/admin/letters?*", lambda route: held.append(route))  # noqa: PLW0108 # Playwright marks it

    with page.expect_request("**/api/admin/letters?*"):
        page.locator("[data-view=letters]").click()
    with page.expect_response("**/api/admin/slots?*"):
        page.go_back()
    caught(page, held).pop().continue_()
    page.locator("#view:not([aria-busy])").wait_for()

    expect(page.get_by_role("heading", level=1)).to_have_text("Slots")


def lose(route: Route) -> None:
    """Let the service do what it is asked, and its answer be lost."""
    route.fetch()
    route.abort()


def garble(route: Route) -> None:
    """Let the service do what it is asked, and what stands before it answer."""
    route.fetch()
    route.fulfill(status=504, body="<h1>Gateway timeout</h1>")


def cut(route: Route) -> None:
    """Let the service do what it is asked, and its answer break off."""
    answer = route.fetch()
    route.fulfill(response=answer, body=answer.text()[:-5])


@pytest.mark.parametrize(("number", "trouble"), [(1, lose), (2, garble), (3, cut)])
def test_a_change_whose_answer_is_lost_is_looked_up(
    visit: Visit, site: Served, number: int, trouble: Callable[[Route], None]
) -> None:
    slot = site.api.slots(DATE)[number]
    page = slots_of(visit(breaks=True, refused={f"/api/admin/slots/{slot['_id']}"}))
    page.route("**/api/admin/slots/*", trouble)

    page.locator(f"#capacity-{slot['_id']}").fill("8")
    page.keyboard.press("Enter")
    expect(page.locator("#notice")).to_contain_text(f"{slot['label']}: The service did not answer, so {UNKNOWN}")
    expect(page.locator(f"#capacity-{slot['_id']}")).to_have_value("8")
    page.locator(f"#close-{slot['_id']}").click()
    expect(page.locator(f"#close-{slot['_id']}")).to_have_text("Open")

    expect(page.locator("#notice")).to_contain_text(UNKNOWN)
    assert next(one["closed"] for one in site.api.slots(DATE) if one["_id"] == slot["_id"])


def test_a_capacity_that_may_not_have_been_saved_is_not_shown_as_saved(visit: Visit, site: Served) -> None:
    slot = site.api.slots(DATE)[5]
    page = slots_of(visit(breaks=True))
    page.route("**/api/admin/slots*/**", lambda route: route.abort())
    page.route("**/api/admin/slots?*", lambda route: route.abort())

    page.locator(f"#capacity-{slot['_id']}").fill("8")
    page.keyboard.press("Enter")

    expect(page.locator("#notice")).to_contain_text(UNKNOWN)
    expect(page.locator(f"#capacity-{slot['_id']}")).to_have_value(str(slot["capacity"]))


def test_a_cancellation_whose_answer_is_lost_is_shown_in_its_dialog(visit: Visit, site: Served) -> None:
    made = site.api.book(site.api.slots(DATE)[6]).json["booking"]
    page = visit(1280, breaks=True)
    enter(page, f"/admin?reference={made['reference']}")
    page.locator(f"#booking-{made['id']}").click()
    page.route("**/cancel", lose)

    page.locator("#cancel").click()
    page.locator("#confirm-yes").click()
    expect(page.locator("#dialog-notice")).to_contain_text(UNKNOWN)

    expect(page.locator("#detail .dialog-head")).to_contain_text("Cancelled")
    expect(page.locator("#cancel")).to_have_count(0)
    expect(page.locator("#detail-close")).to_be_focused()
    expect(page.locator(".bookings-table tbody tr")).to_contain_text("Cancelled")


def test_what_was_done_is_told_so_when_only_the_view_does_not_come(visit: Visit, site: Served) -> None:
    slot = site.api.slots(DATE)[7]
    page = slots_of(visit(breaks=True))
    page.route("**/api/admin/slots?*", lambda route: route.abort())

    page.locator(f"#close-{slot['_id']}").click()

    expect(page.locator("#notice")).to_have_text(f"Tue, 17 Mar 2026, {slot['label']} is closed.")


def test_a_key_that_nobody_has_looked_at_stays_in_its_field(visit: Visit) -> None:
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


def test_what_is_typed_while_a_search_runs_is_kept(visit: Visit) -> None:
    page, held = visit(1280), list[Route]()
    enter(page)
    page.route("**/api/admin/bookings?*name=a*", lambda route: held.append(route))  # noqa: PLW0108 # Playwright marks it

    page.locator("#name").fill("a")
    page.keyboard.press("Enter")
    request = caught(page, held).pop()
    page.locator("#email").press_sequentially("ada@")
    page.locator("#country").select_option("DE")
    page.locator("#email").focus()
    request.continue_()
    expect(page).to_have_url(re.compile("name=a"))
    page.locator("#view:not([aria-busy])").wait_for()
    page.keyboard.type("example.org")

    expect(page.locator("#email")).to_have_value("ada@example.org")
    expect(page.locator("#country")).to_have_value("DE")
    expect(page.locator("#name")).to_have_value("a")
    page.locator("#clear").click()
    expect(page).not_to_have_url(re.compile("name=a"))
    page.locator("#view:not([aria-busy])").wait_for()
    expect(page.locator("#email")).to_have_value("")
