"""Accessibility of the account pages: axe finds no violations, no page is wider than its screen."""

from __future__ import annotations

import pytest

from core.i18n import LANGUAGES
from tests.browser.accessibility import AccessibilityInspector
from tests.browser.account.tour import PAGES, tour_account
from tests.browser.conftest import Visit
from tests.browser.keyboard import tab_through


@pytest.mark.parametrize("language", LANGUAGES)
def test_account_pages_have_no_violations(visit: Visit, language: str) -> None:
    page = visit(color_scheme="light", reduced_motion="reduce", locale=language)
    inspector = AccessibilityInspector(page)

    page.goto("/api/auth/oidc/acme/callback?error=access_denied")
    inspector.take("provider-refused")
    tour_account(inspector)

    assert inspector.seen == {name: [] for name in (*PAGES, "provider-refused")}


def test_sign_in_focus_is_visible_and_in_page_order(visit: Visit) -> None:
    page = visit(1280)
    page.goto("/sign-in")
    page.locator("a.skip").focus()

    stops = tab_through(page)

    assert all(stop["outline"] >= 2 for stop in stops)
    assert all(stop["inView"] for stop in stops)
