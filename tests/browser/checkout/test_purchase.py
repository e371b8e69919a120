"""Buying tickets in a browser: on a phone, by keyboard alone, without scripts; axe finds no violations."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from core.i18n import LANGUAGES
from tests.browser.accessibility import AccessibilityInspector
from tests.browser.account.actions import PASSWORD, new_email, sign_up
from tests.browser.checkout.tour import CART, CHECKOUT, ORDER, PAGES, PAY, choose, tour_buying
from tests.browser.conftest import Visit
from tests.browser.keyboard import tab_to
from tests.conftest import Served


def test_phone_buys_two_tickets_after_the_sign_up(visit: Visit, site: Served, concert: dict[str, Any]) -> None:
    page = visit(375, has_touch=True)
    choose(page, concert)
    page.wait_for_url("**/sign-in?next=/cart")
    page.locator("main a[href^='/sign-up']").click()
    email = new_email()
    page.locator("#name").fill("Ada Lovelace")
    page.locator("#email").fill(email)
    page.locator("#password").fill(PASSWORD)
    page.locator("main .card form button").click()
    page.wait_for_url(CART)
    page.get_by_role("button", name="Hold these tickets").click()
    expect(page.locator("[data-clock]")).to_have_text("9:59", timeout=15_000)
    page.get_by_role("button", name="Continue to payment").click()
    page.wait_for_url(CHECKOUT)
    page.locator("#terms").check()
    page.locator(PAY).dblclick(no_wait_after=True)
    page.wait_for_url(ORDER)

    expect(page.locator(".ticket")).to_have_count(2)
    assert "placed" not in page.url
    account = site.db["accounts"].find_one({"email": email})
    assert account
    assert site.db["orders"].count_documents({"accountId": account["_id"]}) == 1
    page.go_back()
    page.wait_for_url(ORDER)


def test_keyboard_alone_buys_and_cancels(visit: Visit, concert: dict[str, Any]) -> None:
    page = visit(1280)
    sign_up(page, new_email())
    choose(page, concert, 1, 1)
    page.wait_for_url(CART)
    tab_to(page, "[name=continue]")
    page.keyboard.press("Enter")
    page.wait_for_url(CHECKOUT)
    tab_to(page, "[name=payment]")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    tab_to(page, "#terms")
    page.keyboard.press("Space")
    tab_to(page, PAY)
    page.keyboard.press("Enter")
    page.wait_for_url(ORDER)
    expect(page.get_by_role("heading", level=1)).to_have_text("We are still checking your payment")
    expect(page.locator(".ticket")).to_have_count(1, timeout=20_000)
    tab_to(page, "summary[aria-haspopup]")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Shift+Tab")
    tab_to(page, ".button-danger")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("This order is cancelled")


def test_purchase_works_without_scripts(visit: Visit, concert: dict[str, Any]) -> None:
    page = visit(768, java_script_enabled=False, refused=("/checkout",))
    sign_up(page, new_email())
    choose(page, concert, 1, 2)
    page.wait_for_url(CART)
    page.locator("select").select_option("1")
    page.get_by_role("button", name="Continue to payment").click()
    page.get_by_label("Test card: declined").check()
    page.locator("#terms").check()
    page.locator(PAY).click()
    expect(page.get_by_role("alert")).to_contain_text("Your tickets are still held")
    page.get_by_label("Test card: late").check()
    page.locator("#terms").check()
    page.locator(PAY).click()
    page.wait_for_url(ORDER)
    expect(page.get_by_role("heading", level=1)).to_have_text("We are still checking your payment")
    expect(page.locator(".ticket")).to_have_count(1, timeout=20_000)
    page.locator("details[data-confirm] summary").click()
    page.locator("details[data-confirm] button").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("This order is cancelled")


@pytest.mark.parametrize("scripts", [True, False])
def test_confirmation_elsewhere_is_shown_as_the_page_says(visit: Visit, concert: dict[str, Any], scripts: bool) -> None:
    page = visit(java_script_enabled=scripts)
    sign_up(page, new_email())
    choose(page, concert, 1, 1)
    page.wait_for_url(CART)
    page.get_by_role("button", name="Continue to payment").click()
    page.get_by_label("Test card: to be confirmed").check()
    page.locator("#terms").check()
    page.locator(PAY).click()
    page.wait_for_url(ORDER)
    expect(page.get_by_text("looks again by itself")).to_have_count(0)
    other = page.context.new_page()
    other.goto(page.url)

    other.get_by_role("button", name="Confirm the payment").click()

    expect(other.locator(".ticket")).to_have_count(1)
    if not scripts:
        page.get_by_role("link", name="Show the order as it is now").click()
    expect(page.locator(".ticket")).to_have_count(1)


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_of_buying_have_no_violations(visit: Visit, site: Served, concert: dict[str, Any], language: str) -> None:
    inspector = AccessibilityInspector(visit(color_scheme="light", reduced_motion="reduce", locale=language))

    tour_buying(inspector, site.db, concert)

    assert inspector.seen == {name: [] for name in PAGES}
