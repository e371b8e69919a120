"""Login: the key is checked by the service, and stored only in the tab's sessionStorage."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.backoffice.actions import STORED_KEYS, WIDTHS, log_in, open_view, query_of
from tests.browser.conftest import Visit
from tests.factories import ADMIN_KEY


def test_wrong_key_is_refused_and_not_stored(visit: Visit) -> None:
    page = visit(refused={"/api/admin/validate"})
    page.goto("/admin")
    expect(page.locator("#key")).to_be_focused()

    for wrong in ("not the right key", "sch\u00f6n"):
        page.locator("#key").fill(wrong)
        page.get_by_role("button", name="Sign in").click()

        expect(page.locator("#notice")).to_have_text("This key is not right.")
        expect(page.locator("#key")).to_be_focused()
        expect(page.locator("#key")).to_have_value("")
        assert page.evaluate(STORED_KEYS) == []
    expect(page.get_by_role("navigation")).to_have_count(0)


def test_key_is_asked_for_once_and_stored_in_this_tab_only(visit: Visit) -> None:
    page = visit(1280)
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))

    log_in(page)
    for view in ("slots", "letters", "overview", "audit"):
        open_view(page, view)
    page.reload()
    page.locator("#view h1").wait_for()

    expect(page.locator("#key")).to_be_hidden()
    assert page.evaluate(STORED_KEYS) == [["adminKey", ADMIN_KEY]]
    assert page.evaluate("[localStorage.length, document.cookie]") == [0, ""]
    assert page.context.cookies() == []
    assert len(requested) > 10
    assert not [url for url in requested if ADMIN_KEY in url]
    other_tab = page.context.new_page()
    other_tab.goto("/admin")
    expect(other_tab.locator("#key")).to_be_visible()


def test_key_that_expires_leads_back_to_the_login(visit: Visit) -> None:
    page = visit(1280, refused={"/api/admin/slots"})
    log_in(page)
    page.evaluate("sessionStorage.setItem('adminKey', 'a key of yesterday')")

    page.locator("[data-view=slots]").click()

    expect(page.locator("#key")).to_be_visible()
    expect(page.locator("#notice")).to_have_text("This key is not right.")
    assert page.evaluate(STORED_KEYS) == []


@pytest.mark.parametrize("width", WIDTHS)
def test_wrong_key_is_reported_below_the_login_card(visit: Visit, width: int) -> None:
    page = visit(width, refused={"/api/admin/validate"})
    page.goto("/admin")
    page.locator("#key").fill("not the right key")
    before = page.locator("#login").bounding_box()

    page.get_by_role("button", name="Sign in").click()

    expect(page.locator("#notice")).to_have_text("This key is not right.")
    card = page.locator("#login").bounding_box()
    notice = page.locator("#notice").bounding_box()
    assert card == before
    assert card and notice
    assert (notice["x"], notice["width"]) == (card["x"], card["width"])
    assert 0 < notice["y"] - (card["y"] + card["height"]) < 32


def test_page_without_scripts_refers_to_the_api(visit: Visit) -> None:
    page = visit(java_script_enabled=False)

    page.goto("/admin")

    expect(page.get_by_text("The back office needs JavaScript")).to_be_visible()
    expect(page.locator("#key")).to_be_hidden()


def test_another_language_keeps_the_view_and_the_login(visit: Visit) -> None:
    page = visit(1280)
    log_in(page)
    page.locator("#name").fill("hop")
    page.locator("#find").click()
    expect(page.locator(".result-count")).to_have_text("Bookings found: 1")

    page.get_by_role("button", name="Deutsch").click()

    expect(page.locator(".result-count")).to_have_text("Gefundene Buchungen: 1")
    assert query_of(page).startswith("view=bookings&name=hop")
    assert page.evaluate(STORED_KEYS) == [["adminKey", ADMIN_KEY]]
