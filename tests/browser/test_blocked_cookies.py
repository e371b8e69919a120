"""Pages in a Chromium whose settings block all cookies and storage."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.accessibility import axe_violations
from tests.browser.booking_form import BOOK_BUTTON, WAITLIST_BUTTON, fill_details, new_email, select_slot
from tests.browser.chromium import WHOLE_BROWSER
from tests.browser.sample_event import fill_slot
from tests.conftest import Served
from tests.factories import ADMIN_KEY

DATE = "2026-03-19"
BLOCK = 2
PREFERENCES = {"profile": {"default_content_setting_values": {"cookies": BLOCK}}}


@pytest.fixture(scope="module")
def context(chromium: Browser, site: Served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    """A browser whose user has blocked cookies."""
    profile = tmp_path_factory.mktemp("profile")
    (profile / "Default").mkdir()
    (profile / "Default" / "Preferences").write_text(json.dumps(PREFERENCES))
    browser = chromium.browser_type.launch_persistent_context(
        profile, executable_path=WHOLE_BROWSER, args=["--no-sandbox"], base_url=site.url, locale="en-GB"
    )
    yield browser
    browser.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    page = context.new_page()
    page.set_default_timeout(10_000)
    yield page
    page.close()


def fill_form(page: Page, slot_id: str, email: str) -> None:
    page.goto(f"/?date={DATE}")
    select_slot(page, slot_id)
    fill_details(page, email=email)


def test_control_browser_sends_no_cookie_and_has_no_storage(page: Page) -> None:
    page.goto("/")
    page.evaluate("document.cookie = 'a=b'")

    assert page.evaluate("document.cookie") == ""
    assert page.evaluate("(() => { try { return Boolean(sessionStorage); } catch { return false; } })()") is False


def test_booking_is_confirmed_without_personal_data(page: Page, site: Served) -> None:
    email = new_email()
    fill_form(page, site.api.slots(DATE)[0]["_id"], email)

    page.locator(BOOK_BUTTON).click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Your place is booked")
    expect(page.locator("main")).to_contain_text("Your browser keeps no cookies for this site")
    assert email not in page.content()
    assert axe_violations(page) == []
    assert site.db["bookings"].count_documents({"email": email}) == 1
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your place is booked")


def test_waiting_list_is_confirmed_without_personal_data(page: Page, site: Served) -> None:
    slot = site.api.slots(DATE)[1]
    fill_slot(site.api, slot)
    email = new_email()
    fill_form(page, slot["_id"], email)

    page.locator(WAITLIST_BUTTON).click()

    expect(page.get_by_role("heading", level=1)).to_have_text("You are on the waiting list")
    assert email not in page.content()


def test_link_from_an_email_says_that_cookies_are_needed(page: Page, site: Served) -> None:
    booking = site.api.book(site.api.slots(DATE)[2]).json["booking"]
    token = booking["manageUrl"].partition("#token=")[2]

    page.goto(f"/bookings/{booking['id']}#token={token}")

    expect(page.get_by_role("alert")).to_contain_text("Please allow cookies for this site")
    expect(page.get_by_label("Link or code from your e-mail")).to_be_visible()
    assert token not in page.url
    assert axe_violations(page) == []
    assert booking["email"] not in page.content()


def test_pasted_link_says_that_cookies_are_needed(page: Page, site: Served) -> None:
    booking = site.api.book(site.api.slots(DATE)[2]).json["booking"]

    page.goto(f"/bookings/{booking['id']}")
    page.get_by_label("Link or code from your e-mail").fill(booking["manageUrl"])
    page.get_by_role("button", name="Open").click()

    expect(page.get_by_role("alert")).to_contain_text("Please allow cookies for this site")


def test_language_switch_says_that_cookies_are_needed(page: Page) -> None:
    page.goto("/")

    page.get_by_role("button", name="Deutsch").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Die Sprache wurde nicht gespeichert")
    assert axe_violations(page) == []
    page.get_by_role("link", name="Zurück").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Book a place")


def test_back_office_works_until_the_page_is_left(page: Page) -> None:
    page.goto("/admin")

    page.get_by_label("Admin key").fill(ADMIN_KEY)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Bookings")
    page.get_by_role("link", name="Slots").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Slots")
    page.reload()

    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
