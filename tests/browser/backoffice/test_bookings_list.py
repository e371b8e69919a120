"""Bookings list: filters, sort order and page are in the address, and survive reloading and navigation."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Route, expect

from tests.browser.backoffice.actions import (
    WIDTHS,
    book_on,
    list_bookings,
    listed_references,
    log_in,
    query_of,
)
from tests.browser.backoffice.history import (
    CHANGED_CAPACITY_DATE,
    MARKUP_NAME,
    UNUSUAL_NAMES,
    UNUSUAL_NAMES_DATE,
)
from tests.browser.conftest import Visit
from tests.conftest import Served

DATE = "2026-03-17"
ROWS = ".bookings-table .link-button"


# Filters


@pytest.mark.parametrize("width", WIDTHS)
def test_search_is_in_the_address_and_survives_navigation(visit: Visit, site: Served, width: int) -> None:
    page = visit(width)
    log_in(page)
    all_references = listed_references(page)
    page.locator("#name").fill("hop")
    page.locator("#phone").fill("+44 20")
    page.locator("#country").select_option(label="United Kingdom")
    page.locator("#date").select_option(CHANGED_CAPACITY_DATE)
    page.locator("#status").select_option("confirmed")
    page.get_by_role("button", name="Find").click()
    expect(page.locator(".result-count")).to_have_text("Bookings found: 1")

    found = listed_references(page)
    assert found == [item["reference"] for item in list_bookings(site.api, name="hop")] != all_references
    date = CHANGED_CAPACITY_DATE
    assert query_of(page) == f"view=bookings&name=hop&phone=%2B44+20&date={date}&country=GB&status=confirmed"
    page.reload()
    expect(page.locator(".result-count")).to_have_text("Bookings found: 1")
    values = {name: page.locator(f"#{name}").input_value() for name in ("name", "phone", "date", "country", "status")}
    assert values == {"name": "hop", "phone": "+44 20", "date": date, "country": "GB", "status": "confirmed"}
    assert listed_references(page) == found
    page.go_back()
    expect(page.locator(ROWS)).to_have_count(25)
    assert listed_references(page) == all_references
    page.go_forward()
    expect(page.locator(".result-count")).to_have_text("Bookings found: 1")
    page.get_by_role("button", name="Clear").click()
    expect(page.locator(ROWS)).to_have_count(25)


def test_search_without_a_match_and_with_an_error_is_reported(visit: Visit) -> None:
    page = visit(refused={"/api/admin/bookings"})
    log_in(page, "/admin?view=bookings&name=nobody+of+this+name")
    expect(page.locator("#view")).to_contain_text("No booking matches.")
    expect(page.locator("#download")).to_be_disabled()
    expect(page.locator("#download")).to_have_text("Download CSV")

    page.locator("#reference").fill("abc")
    page.get_by_role("button", name="Find").click()

    expect(page.locator("#notice")).to_have_text("Must be a whole reference, such as K7MP-4QXD.")


def test_booking_is_found_by_reference_email_or_phone(visit: Visit, site: Served) -> None:
    changes = {"email": "Telephone.Guest@example.org", "phone": "+4915123456789", "country": "DE"}
    booking = book_on(site, DATE, fullName="Gladys West", **changes)
    page = visit(375)
    log_in(page)

    for field, text in (
        ("reference", booking["reference"].replace("-", "").lower()),
        ("email", "telephone.GUEST@example.org"),
        ("phone", "0151 23456789"),
    ):
        page.locator(f"#{field}").fill(text)
        page.locator("#find").click()
        expect(page.locator(".result-count")).to_have_text("Bookings found: 1")
        assert listed_references(page) == [booking["reference"]]
        page.reload()
        expect(page.locator(f"#{field}")).to_have_value(text)
        assert listed_references(page) == [booking["reference"]]
        page.locator("#clear").click()
        expect(page.locator(ROWS)).to_have_count(25)


def test_incomplete_reference_is_refused(visit: Visit) -> None:
    page = visit(1280, refused={"/api/admin/bookings"})
    log_in(page)

    page.locator("#reference").fill("K7MP")
    page.locator("#find").click()

    expect(page.locator("#notice")).to_have_text("Must be a whole reference, such as K7MP-4QXD.")
    expect(page.locator("#reference")).to_have_value("K7MP")


def test_country_is_selected_by_name_or_by_an_old_address(visit: Visit) -> None:
    page = visit(1280, refused={"/api/admin/bookings"})
    log_in(page, "/admin?view=bookings&country=gb")
    expect(page.locator("#country")).to_have_value("GB")
    expect(page.locator(".bookings-table")).to_contain_text("Grace Hopper")
    expect(page.locator("#country option[value=GE]")).to_have_text("Georgia")

    page.locator("#country").select_option(label="Germany")
    page.locator("#find").click()
    expect(page.locator(".bookings-table")).to_contain_text("Bruno M\u00fcller")
    assert query_of(page) == "view=bookings&country=DE"
    page.goto("/admin?view=bookings&country=xx")
    expect(page.locator("#view")).to_contain_text("No booking matches.")
    expect(page.locator("#country")).to_have_value("XX")
    page.locator("#country option:checked").evaluate("option => { option.value = 'Germany'; }")
    page.locator("#find").click()
    expect(page.locator("#notice")).to_have_text("There is no such country.")


def test_names_with_markup_are_shown_as_text(visit: Visit) -> None:
    page = visit(1280)

    log_in(page, f"/admin?view=bookings&date={UNUSUAL_NAMES_DATE}&sort=hour")

    expect(page.locator(ROWS)).to_have_count(3)
    assert page.locator(".bookings-table td:nth-child(2)").all_text_contents() == UNUSUAL_NAMES
    assert page.locator("#view img").count() == 0
    page.get_by_role("button", name=MARKUP_NAME).click()
    expect(page.locator("#detail dd").first).to_have_text(MARKUP_NAME)
    page.locator("#cancel").click()
    expect(page.locator("#confirm-title")).to_contain_text(MARKUP_NAME)
    page.locator("#confirm-no").click()
    expect(page.locator("#confirm")).to_be_hidden()
    assert page.locator("img").count() == 0


# Sorting


def test_heading_sorts_its_column_and_shows_the_order(visit: Visit, site: Served) -> None:
    page = visit(1280)
    log_in(page)
    heading = page.get_by_role("columnheader", name="Name")
    expect(page.get_by_role("columnheader", name="Booked at")).to_have_attribute("aria-sort", "descending")

    heading.get_by_role("button").click()
    expect(heading).to_have_attribute("aria-sort", "ascending")
    assert listed_references(page) == [item["reference"] for item in list_bookings(site.api, sort="name")]
    expect(page.locator("#sort-name")).to_be_focused()
    page.keyboard.press("Enter")
    expect(heading).to_have_attribute("aria-sort", "descending")

    assert query_of(page) == "view=bookings&sort=name&order=desc"
    descending = [item["reference"] for item in list_bookings(site.api, sort="name", order="desc")]
    assert listed_references(page) == descending
    page.reload()
    expect(heading).to_have_attribute("aria-sort", "descending")
    assert listed_references(page) == descending
    page.locator("#status").select_option("confirmed")
    page.locator("#find").click()
    confirmed = site.api.admin("GET", "/bookings", query={"status": "confirmed"}).json["total"]
    expect(page.locator(".result-count")).to_have_text(f"Bookings found: {confirmed}")
    expected = list_bookings(site.api, sort="name", order="desc", status="confirmed")
    assert listed_references(page) == [item["reference"] for item in expected]


@pytest.mark.parametrize("sort", ["created", "name", "date", "hour", "country"])
def test_cards_on_a_phone_are_sorted_by_a_menu(visit: Visit, site: Served, sort: str) -> None:
    page = visit(375)
    log_in(page)

    page.locator("#sorter").focus()
    page.locator("#sorter").select_option(f"{sort} asc")

    expect(page).to_have_url(re.compile(f"sort={sort}&order=asc"))
    expect(page.locator("#view")).not_to_have_attribute("aria-busy", "true")
    expected = list_bookings(site.api, sort=sort, order="asc")
    assert listed_references(page) == [item["reference"] for item in expected]
    expect(page.locator("#sorter")).to_be_focused()


def test_column_that_cannot_be_sorted_has_no_button(visit: Visit) -> None:
    page = visit(1280)

    def limit_sorts(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(json={**answer.json(), "sorts": ["created", "date"]})

    page.route("**/api/admin/bookings?*", limit_sorts)
    log_in(page)

    assert [button.get_attribute("id") for button in page.locator(".sort").all()] == ["sort-date", "sort-created"]
    assert page.locator("#sorter option").count() == 4


# Pages


def test_page_number_is_in_the_address_and_announced(visit: Visit, site: Served) -> None:
    page = visit(1280)
    log_in(page, "/admin?view=bookings&status=cancelled")
    expect(page.locator("#previous")).to_be_disabled()
    first = listed_references(page)

    page.locator("#next").click()
    expect(page.locator(".pagination")).to_contain_text("Page 2 of 3")
    expect(page.locator("#result-count")).to_be_focused()
    expect(page.locator("#announcer")).to_have_text("Bookings found: 60. Page 2 of 3")
    second = listed_references(page)
    page.locator("#next").click()

    expect(page.locator(".pagination")).to_contain_text("Page 3 of 3")
    expect(page.locator("#next")).to_be_disabled()
    expect(page.locator("#result-count")).to_be_focused()
    expected = [item["reference"] for item in list_bookings(site.api, status="cancelled", limit="100")]
    assert first + second + listed_references(page) == expected
    assert query_of(page) == "view=bookings&status=cancelled&page=3"
    page.go_back()
    expect(page.locator(".pagination")).to_contain_text("Page 2 of 3")
    assert listed_references(page) == second
    page.locator("#name").fill("some")
    page.locator("#find").click()
    expect(page.locator(".pagination")).to_contain_text("Page 1 of 3")


def test_page_beyond_the_last_shows_the_last(visit: Visit) -> None:
    page = visit(1280)

    log_in(page, "/admin?view=bookings&status=cancelled&page=50")

    expect(page.locator(".pagination")).to_contain_text("Page 3 of 3")
    expect(page.locator(ROWS)).to_have_count(10)
    expect(page.locator("#announcer")).to_have_text("Bookings found: 60. Page 3 of 3")
    page.locator("#previous").click()
    expect(page.locator(".pagination")).to_contain_text("Page 2 of 3")


@pytest.mark.parametrize("width", WIDTHS)
def test_next_page_is_shown_from_its_top(visit: Visit, width: int) -> None:
    page = visit(width)
    log_in(page, "/admin?view=bookings&status=cancelled")
    page.locator("#next").scroll_into_view_if_needed()
    expect(page.locator("#result-count")).not_to_be_in_viewport()

    page.locator("#next").click()

    expect(page.locator("#result-count")).to_be_focused()
    expect(page.locator("#result-count")).to_be_in_viewport()
    expect(page.locator(ROWS).first).to_be_in_viewport()
    page.keyboard.press("Tab")
    expect(page.locator("#download")).to_be_focused()
