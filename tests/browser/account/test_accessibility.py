"""Accessibility of the account pages: axe finds no violations, no page is wider than its screen."""

from __future__ import annotations

import pytest

from core.i18n import LANGUAGES
from tests.browser.accessibility import AccessibilityInspector
from tests.browser.account.actions import new_email, sign_up
from tests.browser.conftest import Visit
from tests.browser.keyboard import tab_through

SUBMIT = "main .card form button"


def tour(inspector: AccessibilityInspector) -> None:
    """Visit every page of accounts."""
    page = inspector.page
    for path in ("/sign-in", "/sign-up", "/account/forgot-password", "/account/reset-password"):
        page.goto(path)
        inspector.take(path)
        page.locator(SUBMIT).click()
        page.locator("[role=alert]").wait_for()
        inspector.take(f"{path} refused")
    page.goto("/api/auth/oidc/acme/callback?error=access_denied")
    inspector.take("provider refused")
    email = new_email()
    sign_up(page, email)
    for summary in page.locator("summary").all():
        summary.click()
    inspector.take("/account")
    page.locator("form:has(#newPassword) button").click()
    page.locator("[role=alert]").wait_for()
    inspector.take("/account refused")
    page.locator(".account-verify button").click()
    page.locator("[role=status]").wait_for()
    inspector.take("/account sent")
    page.goto("/account/verify-email")
    inspector.take("/account/verify-email")
    page.goto("/account/forgot-password")
    page.locator("#email").fill(email)
    page.locator(SUBMIT).click()
    page.locator(SUBMIT).wait_for(state="detached")
    inspector.take("notice")


@pytest.mark.parametrize("language", LANGUAGES)
def test_account_pages_have_no_violations(visit: Visit, language: str) -> None:
    page = visit(color_scheme="light", reduced_motion="reduce", locale=language)
    inspector = AccessibilityInspector(page, checks_dark=language == "en")

    tour(inspector)

    assert len(inspector.seen) == 14
    assert inspector.seen == {name: [] for name in inspector.seen}


def test_sign_in_focus_is_visible_and_in_page_order(visit: Visit) -> None:
    page = visit(1280)
    page.goto("/sign-in")
    page.locator("a.skip").focus()

    stops = tab_through(page)

    assert all(stop["outline"] >= 2 for stop in stops)
    assert all(stop["inView"] for stop in stops)
