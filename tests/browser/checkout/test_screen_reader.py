"""Steps of a purchase as a screen reader follows them: a status with the focus, the title, and the clock's words."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from playwright.sync_api import Page, expect

from core.clock import now
from tests.browser.account.actions import new_email, sign_up
from tests.browser.checkout.tour import CART, CHECKOUT, ORDER, PAY, choose
from tests.browser.conftest import Visit
from tests.conftest import Served


def expect_status(page: Page, text: str) -> None:
    """The message has the focus, its text is its name, and the title repeats it."""
    status = page.get_by_role("status", name=re.compile(text))
    expect(status).to_be_focused()
    expect(page).to_have_title(re.compile(text))


def test_each_step_of_the_cart_moves_the_focus_to_its_result(visit: Visit, concert: dict[str, Any]) -> None:
    page = visit()
    sign_up(page, new_email())
    expect_status(page, "Your account is created")
    choose(page, concert, 1, 2)
    expect_status(page, "2 tickets are held until")
    page.locator("select").select_option("1")
    page.get_by_role("button", name="Update the numbers").click()
    expect_status(page, "1 ticket is held until")
    page.get_by_role("button", name="Remove").click()
    expect_status(page, "was removed; the cart is empty")
    assert page.url.endswith("/cart")


def test_clock_announces_what_ends_and_the_end(visit: Visit, site: Served, concert: dict[str, Any]) -> None:
    page = visit()
    sign_up(page, new_email())
    choose(page, concert, 1, 1)
    page.wait_for_url(CART)
    page.clock.install()
    page.get_by_role("button", name="Continue to payment").click()
    page.wait_for_url(CHECKOUT)
    words = page.locator("[data-clock-status]")
    expect(page.locator("[data-clock]")).to_be_visible()
    expect(words).to_have_text("")

    page.clock.run_for("05:00")
    expect(words).to_have_text(re.compile("held for five more minutes"))
    page.clock.run_for("04:00")
    expect(words).to_have_text(re.compile("held for one more minute. Pay now"))
    site.db["holds"].update_many({"state": "active"}, {"$set": {"expiresAt": now() - timedelta(seconds=1)}})
    page.clock.run_for("01:05")

    page.wait_for_url(CART)
    expect(page).to_have_title(re.compile("Your tickets were given back"))
    expect(page.locator("#ended-title")).to_be_focused()


def test_transfer_asks_before_it_is_sent(visit: Visit, site: Served, concert: dict[str, Any]) -> None:
    page = visit()
    sign_up(page, new_email())
    choose(page, concert, 1, 1)
    page.wait_for_url(CART)
    page.get_by_role("button", name="Continue to payment").click()
    page.locator("#terms").check()
    page.locator(PAY).click()
    page.wait_for_url(ORDER)
    code = page.locator(".ticket-code").inner_text()
    page.locator(".ticket summary").click()
    page.locator(".ticket input[type=email]").fill("grace@example.org")
    page.locator(".ticket input[type=email]").press("Enter")
    expect(page.get_by_role("dialog", name="Pass this ticket on?")).to_be_visible()
    page.get_by_role("button", name="No, keep it").click()
    assert site.db["tickets"].count_documents({"code": code, "state": "valid"}) == 1

    page.locator(".ticket input[type=email]").press("Enter")
    page.get_by_role("button", name="Yes, pass it on").click()

    expect_status(page, "The ticket was passed on")
    assert site.db["tickets"].count_documents({"code": code, "state": "transferred"}) == 1
